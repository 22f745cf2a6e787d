"""Texts of the set-up pages for Google."""

from dispatch.platforms.words import Words

WORDS = Words(
    pixel_id="Customer id",
    where_pixel_id="The ten digits at the top of Google Ads.",
    token="Credentials as JSON",  # noqa: S106
    where_token='A service-account key, or {"clientId": …, "clientSecret": …, "refreshToken": …}.',  # noqa: S106
    credential="a service-account key, or clientId, clientSecret and refreshToken",
)
