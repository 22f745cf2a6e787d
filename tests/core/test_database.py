"""A database connection is not held while a thread waits for the network."""

import pytest
from django.db import connection, transaction

from adtarget.core import http, mail

NOBODY = "http://127.0.0.1:9/"  # the discard port: refused at once


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """One entry each time the connection is given back."""
    times: list[bool] = []
    monkeypatch.setattr(connection, "close", lambda: times.append(True))
    return times


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("call", [http.get, lambda url, headers: http.post(url, headers=headers, body=b"")])
def test_an_http_call_releases_the_connection(closed, call):
    call(NOBODY, headers={})
    assert closed == [True]


@pytest.mark.django_db(transaction=True)
def test_a_mail_releases_the_connection(closed, settings):
    settings.EMAIL_IS_CONFIGURED = True
    mail.send("Subject", "Text", ["ada@example.com"])
    assert closed == [True]


@pytest.mark.django_db(transaction=True)
def test_a_transaction_keeps_its_connection(closed):
    with transaction.atomic():
        http.get(NOBODY, headers={})
    assert closed == []
