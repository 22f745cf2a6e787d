"""Texts of the set-up pages for Snapchat."""

from dispatch.platforms.words import Words

WORDS = Words(
    pixel_id="Pixel id",
    where_pixel_id="Events Manager → your pixel; it looks like 0f2e4d6c-8b0a-….",
    credential="Conversions API token",
    where_credential="Business settings → Conversions API tokens.",
)
