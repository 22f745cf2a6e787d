"""Routes of joins and states of requests, from click to join."""

from django.db.models import TextChoices


class Route(TextChoices):
    """How a join was matched to a visit, or why it could not be."""

    INVITE_LINK = "invite_link", "Our one-person invite link"
    JOIN_REQUEST = "join_request", "Our join-request link"
    BOT_START = "bot_start", "A start link of the bot"
    RECENT_HISTORY = "recent_history", "The person's earlier join on this site"
    PUBLIC_CHANNEL = "public_channel", "Public channel: Telegram named no link"
    REJOIN = "rejoin", "Came back; counted before"
    LINK_UNKNOWN = "link_unknown", "Joined by a link that is not ours"
    LINK_SHARED = "link_shared", "Our link, but another person had used it"
    ADDED_BY_ADMIN = "added_by_admin", "Added by an administrator"
    BOT_NOT_ADMIN = "bot_not_admin", "The bot lacks its rights in the channel"
    NO_CLICK = "no_click", "Our link, but no ad click stands behind the visit"


class Tap(TextChoices):
    """What happened on our page shortly before a join that no link leads back."""

    PERSONAL = "personal", "a visitor with a link of their own had just tapped"
    FALLBACK = "fallback", "a visitor had just been sent on by the channel's own link"


class FallbackReason(TextChoices):
    """Why a visitor got the channel's own link instead of one of theirs."""

    NO_BOT = "no_bot", "The channel has no bot"
    BOT_PROBLEM = "bot_problem", "The bot lacks its rights in the channel"
    POOL_EMPTY = "pool_empty", "The pool is empty, and links were asked for faster than Telegram makes them"
    TELEGRAM = "telegram", "The pool is empty, and Telegram does not answer or asks us to wait"
    DAILY_CAP = "daily_cap", "The site's links of the day are used up"
    ADDRESS_LIMIT = "address_limit", "Too many invites for one address"
    NO_VISIT = "no_visit", "No page view before the tap, and no ad click"


#: Refused because it looks like abuse: no join is lost by it.
REFUSED_AS_ABUSE = (FallbackReason.ADDRESS_LIMIT, FallbackReason.NO_VISIT)
