"""Texts of the set-up pages for Meta."""

from dispatch.platforms.words import Words

WORDS = Words(
    pixel_id="Pixel id",
    where_pixel_id="Events Manager → Data sources → your pixel → Settings. Digits.",
    token="Conversions API token",  # noqa: S106
    where_token="The same page → Conversions API → Generate access token.",  # noqa: S106
    test_code="Events Manager → Test events. Only a pixel kept for tests sends it: Meta counts such events as well.",
    takes_tests="the pixel is marked as a test pixel",
)
