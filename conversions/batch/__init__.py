"""Records up to 500 events in one transaction, in a number of statements that does not grow with them.

1. `items` reads and validates each event by itself; `channels` finds what they name.
2. `answers` opens the records of their idempotency keys.
3. `people` inserts and locks the leads, in one order, and reads their latest events.
4. `recording` decides in memory, event by event, what is new and what repeats another, then writes everything at once.
"""
