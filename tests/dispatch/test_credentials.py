"""Google's token exchange, as it leaves over the wire."""

from urllib.parse import parse_qs

import pytest
import responses
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from dispatch.credentials import CredentialRefused, CredentialUnavailable, ExchangedTokens
from dispatch.platforms.google.oauth import SCOPE, GoogleOAuth

OAUTH = GoogleOAuth()
TOKEN_URL = "https://oauth2.googleapis.com/token"
USER = '{"clientId": "c", "clientSecret": "s", "refreshToken": "r"}'
GRANTED = {"access_token": "ya29.new", "expires_in": 3599}


@pytest.fixture
def google():
    with responses.RequestsMock() as world:
        yield world


def form(call) -> dict[str, list[str]]:
    return parse_qs(call.request.body.decode())


def test_a_refresh_token_is_exchanged_once_for_an_hour(google) -> None:
    google.post(TOKEN_URL, json=GRANTED)
    tokens = ExchangedTokens()
    assert [tokens.token(USER, OAUTH).text for _ in range(3)] == ["ya29.new"] * 3
    assert len(google.calls) == 1
    assert form(google.calls[0]) == {
        "grant_type": ["refresh_token"],
        "client_id": ["c"],
        "client_secret": ["s"],
        "refresh_token": ["r"],
    }


def test_a_service_account_signs_its_claim(google) -> None:
    import json

    from google.auth import jwt

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    account = {"client_email": "bot@project.iam", "private_key": pem, "private_key_id": "1", "token_uri": TOKEN_URL}
    google.post(TOKEN_URL, json=GRANTED)
    assert ExchangedTokens().token(json.dumps(account), OAUTH).text == "ya29.new"
    claims = jwt.decode(form(google.calls[0])["assertion"][0], verify=False)
    assert (claims["iss"], claims["scope"], claims["aud"]) == ("bot@project.iam", SCOPE, TOKEN_URL)


@pytest.mark.parametrize("error", ["invalid_grant", "invalid_client"])
def test_a_dead_credential_is_refused(google, error) -> None:
    google.post(TOKEN_URL, status=400, json={"error": error, "error_description": "Token has been revoked."})
    with pytest.raises(CredentialRefused, match="revoked"):
        ExchangedTokens().token(USER, OAUTH)


@pytest.mark.parametrize("answer", [{"status": 500}, {"status": 200, "body": "<html>"}, {"status": 400, "json": {}}])
def test_another_failure_is_tried_again_later(google, answer) -> None:
    google.post(TOKEN_URL, **answer)
    with pytest.raises(CredentialUnavailable):
        ExchangedTokens().token(USER, OAUTH)


@pytest.mark.parametrize("credential", ["{", '{"clientId": "c"}', '{"private_key": "no key", "client_email": "x"}'])
def test_an_unreadable_credential_asks_for_another_without_a_call(credential) -> None:
    with pytest.raises(CredentialRefused):
        ExchangedTokens().token(credential, OAUTH)
