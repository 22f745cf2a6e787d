"""Every factory makes a row that the database's constraints accept, in every situation it has a word for."""

import pytest
from factory.django import DjangoModelFactory

from tests import factories

FACTORIES = [getattr(factories, name) for name in factories.__all__]
SITUATIONS = [(each, word) for each in FACTORIES for word in ("", *each._meta.parameters)]


@pytest.mark.django_db
@pytest.mark.parametrize(("made_by", "word"), SITUATIONS, ids=lambda value: getattr(value, "__name__", value))
def test_every_situation_is_a_valid_row(made_by: type[DjangoModelFactory], word: str) -> None:
    row = made_by(**({word: True} if word else {}))

    assert type(row).objects.filter(pk=row.pk).exists()


@pytest.mark.django_db
def test_a_send_belongs_to_one_account_throughout(channel) -> None:
    send = factories.SendFactory(conversion__channel=channel)

    assert send.pixel.site == send.conversion.lead.site == channel.site
    assert send.conversion.account == channel.site.account
