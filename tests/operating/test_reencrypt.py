"""A new encryption key takes over what the old one made."""

from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command

from dispatch.webhooks import endpoints
from leads import second_step
from leads.models import Account
from tests.factories import BotFactory, PixelFactory, SiteFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.promise("S16")
def test_secrets_open_with_the_new_key_alone(settings, account: Account) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [old]
    pixel = PixelFactory(site=SiteFactory(account=account), credential="EAA-token")
    bot = BotFactory(account=account, token="1:AA-bot-token", webhook_secret="of-the-webhook")
    app = second_step.begin(UserFactory())
    seed = app.seed()
    endpoint = endpoints.register(account=account, url="https://hooks.acme.example/")
    secret = endpoints.secret_of(endpoint)
    settings.FIELD_ENCRYPTION_KEYS = [new, old]
    told = StringIO()
    call_command("reencrypt", stdout=told)
    assert told.getvalue().startswith("5 secrets")
    settings.FIELD_ENCRYPTION_KEYS = [new]
    for row in (pixel, bot, endpoint, app):
        row.refresh_from_db()
    assert (pixel.credential(), bot.token(), endpoints.secret_of(endpoint)) == ("EAA-token", "1:AA-bot-token", secret)
    assert (bot.webhook_secret, app.seed()) == ("of-the-webhook", seed)
