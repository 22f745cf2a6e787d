from leads.models.account import Account, Membership
from leads.models.api_key import ApiKey
from leads.models.audit_entry import AuditEntry
from leads.models.bot import Bot
from leads.models.channel import Channel
from leads.models.erased_person import ErasedPerson
from leads.models.invitation import Invitation
from leads.models.lead import Lead
from leads.models.report_day import ReportDay
from leads.models.second_step import AuthenticatorApp, RecoveryCodes
from leads.models.site import Site
from leads.models.unreadable_row import UnreadableRow

__all__ = [
    "Account",
    "ApiKey",
    "AuditEntry",
    "AuthenticatorApp",
    "Bot",
    "Channel",
    "ErasedPerson",
    "Invitation",
    "Lead",
    "Membership",
    "RecoveryCodes",
    "ReportDay",
    "Site",
    "UnreadableRow",
]
