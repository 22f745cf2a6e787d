"""Texts of the set-up pages for Meta."""

from dispatch.platforms.words import Words

WORDS = Words(
    pixel_id="Pixel id",
    where_pixel_id="Events Manager → Data sources → your pixel → Settings. Digits.",
    credential="Conversions API token",
    where_credential="The same page → Conversions API → Generate access token. If its app requires the app secret: "
    '{"accessToken": …, "appSecret": …}.',
    test_code="Events Manager → Test events. Only a pixel kept for tests sends it: Meta counts such events as well.",
    json_credential="accessToken and appSecret",
    takes_tests="the pixel is marked as a test pixel",
)
