"""Takes an event over the API in as few statements as possible: two for a new lead, three for a known one.

PostgreSQL only, for what nearly all requests are: a key that may, a channel that is named, an event that repeats none.
Anything else is left to the plain way (`conversions.views`, `conversions.recording`), before anything was done.

1. `reading.find` reads key, site, channel, pixels and lead in one statement; nothing is remembered between requests.
2. `reading.history_of` reads the earlier events of a known lead.
3. `writing` inserts lead, conversion and sends in one statement, which is a transaction of its own.

Two requests for one person meet at the lead's row. A new lead is inserted or is not there: its unique key decides. Of a
known lead, the version of the row (`xmin`, `ctid`) read in 1 must still be the current one in 3, and each recorder
changes it (`leads.locking`). Who comes second writes nothing and goes the plain way, under the lead's lock.
"""
