from tracker.models.bot_chat import BotChat
from tracker.models.bot_start import BotStart
from tracker.models.invite import Invite
from tracker.models.invite_pool import InvitePool
from tracker.models.join import Join
from tracker.models.link_rate import LinkRate
from tracker.models.telegram_update import TelegramUpdate
from tracker.models.unattributable_click import UnattributableClick
from tracker.models.visit import TrackingSession, Visit
from tracker.models.visit_usage import VisitPurge, VisitUsage

__all__ = [
    "BotChat",
    "BotStart",
    "Invite",
    "InvitePool",
    "Join",
    "LinkRate",
    "TelegramUpdate",
    "TrackingSession",
    "UnattributableClick",
    "Visit",
    "VisitPurge",
    "VisitUsage",
]
