"""Texts of the set-up pages for TikTok."""

from dispatch.platforms.words import Words

WORDS = Words(
    pixel_id="Pixel code",
    where_pixel_id="Events Manager → your pixel → Settings, such as C4ABCDEFGHIJKLMNOP.",
    credential="Events API token",
    where_credential="The same page → Events API → Generate access token.",
    test_code="Events Manager → Test events. Test events carry it and count nowhere.",
    takes_tests="the pixel has a test event code",
)
