"""A simulated Telegram: the Bot API (core.telegram.org/bots/api), and users who join and leave."""
