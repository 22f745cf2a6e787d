"""One factory per model, with words for situations: `SendFactory(due=True)`, `ConversionFactory(purchase=True)`."""

from tests.factories.alerts import AlertFactory, AlertSettingsFactory, NoticeFactory
from tests.factories.conversions import ConversionFactory, IdempotencyRecordFactory
from tests.factories.dispatch import AttemptFactory, PixelFactory, SendFactory
from tests.factories.leads import (
    AccountFactory,
    ApiKeyFactory,
    AuditEntryFactory,
    BotFactory,
    ChannelFactory,
    InvitationFactory,
    LeadFactory,
    MembershipFactory,
    SiteFactory,
    UserFactory,
)
from tests.factories.tracker import (
    BotChatFactory,
    InviteFactory,
    JoinFactory,
    TelegramUpdateFactory,
    TrackingSessionFactory,
    UnattributableClickFactory,
    VisitFactory,
)

__all__ = [
    "AccountFactory",
    "AlertFactory",
    "AlertSettingsFactory",
    "ApiKeyFactory",
    "AttemptFactory",
    "AuditEntryFactory",
    "BotChatFactory",
    "BotFactory",
    "ChannelFactory",
    "ConversionFactory",
    "IdempotencyRecordFactory",
    "InvitationFactory",
    "InviteFactory",
    "JoinFactory",
    "LeadFactory",
    "MembershipFactory",
    "NoticeFactory",
    "PixelFactory",
    "SendFactory",
    "SiteFactory",
    "TelegramUpdateFactory",
    "TrackingSessionFactory",
    "UnattributableClickFactory",
    "UserFactory",
    "VisitFactory",
]
