"""A Telegram of our own: the Bot API (platforms.md, section 6) and people who join and leave."""
