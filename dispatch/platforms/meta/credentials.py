"""Meta's credential: an access token, alone or with the secret of the app it belongs to.

Source: Graph API, "Secure Graph API calls" (read in 2026-11): `appsecret_proof` is the HMAC-SHA256 of the token
with the app secret as its key, in hex.
"""

import hashlib
import hmac
import json
from typing import NamedTuple

WITH_SECRET = ("accessToken", "appSecret")


class Credential(NamedTuple):
    token: str
    app_secret: str = ""

    @property
    def proof(self) -> str:
        """The appsecret_proof: HMAC of the token with the app's secret; '' without a secret."""
        if not self.app_secret:
            return ""
        return hmac.new(self.app_secret.encode(), self.token.encode(), hashlib.sha256).hexdigest()


def read(stored: str) -> Credential:
    """The stored credential, which is JSON where it has a secret."""
    if stored.startswith("{"):
        try:
            given = json.loads(stored)
            return Credential(*(str(given.get(name) or "") for name in WITH_SECRET))
        except (ValueError, AttributeError):
            pass
    return Credential(stored)
