"""Texts of the set-up pages for Google."""

from dispatch.platforms.words import Words

WORDS = Words(
    pixel_id="Customer id",
    where_pixel_id="The ten digits at the top of Google Ads.",
    credential="Credentials as JSON",
    where_credential='A service-account key, or {"clientId": …, "clientSecret": …, "refreshToken": …}.',
    json_credential="a service-account key, or clientId, clientSecret and refreshToken",
)
