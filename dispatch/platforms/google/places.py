"""Where Google must not get an IP address: IP matching is not offered for visitors in the EEA, the UK and Switzerland.

Source: `device_info.proto` of the Data Manager API (googleapis, 2026-08).
"""

#: ISO 3166-1 alpha-2 and the English names that proxies and trackers write, in lower case.
EXCLUDED = frozenset(
    """
    at be bg hr cy cz dk ee fi fr de gr hu ie it lv lt lu mt nl pl pt ro sk si es se is li no gb uk ch
    austria belgium bulgaria croatia cyprus czechia denmark estonia finland france germany greece hungary ireland italy
    latvia lithuania luxembourg malta netherlands poland portugal romania slovakia slovenia spain sweden iceland
    liechtenstein norway switzerland
    """.split()
) | {"czech republic", "united kingdom", "great britain"}


def may_get_address(country: str, wish: str) -> bool:
    """Whether an IP address may go to Google, by the visit's country and the pixel's option `ipAddress`."""
    if wish == "never" or country.strip().lower() in EXCLUDED:
        return False
    is_known = len(country.strip()) == 2 and country.strip().isalpha()
    return is_known or wish == "always"
