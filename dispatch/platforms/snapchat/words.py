"""Texts of the set-up pages for Snapchat."""

from dispatch.platforms.words import Words

WORDS = Words(
    pixel_id="Pixel id",
    where_pixel_id="Events Manager → your pixel; it looks like 0f2e4d6c-8b0a-….",
    token="Conversions API token",  # noqa: S106
    where_token="Business settings → Conversions API tokens.",  # noqa: S106
)
