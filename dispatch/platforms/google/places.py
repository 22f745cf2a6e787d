"""Where Google must not get an IP address: IP matching is not offered for visitors in the EEA, the UK and Switzerland.

Sources: `device_info.proto` of the Data Manager API (googleapis, 2026-08); for parts of the EU with codes of their own
articles 349 and 355 of the Treaty on the Functioning of the European Union.
"""

#: ISO 3166-1 alpha-2 and the English names that proxies and trackers write, in lower case.
EXCLUDED = frozenset(
    """
    at be bg hr cy cz dk ee fi fr de gr hu ie it lv lt lu mt nl pl pt ro sk si es se is li no gb uk ch
    austria belgium bulgaria croatia cyprus czechia denmark estonia finland france germany greece hungary ireland italy
    latvia lithuania luxembourg malta netherlands poland portugal romania slovakia slovenia spain sweden iceland
    liechtenstein norway switzerland
    ax gf gp mf mq re yt eu
    """.split()
) | {"czech republic", "united kingdom", "great britain"}
#: What geolocation services write for an unknown country (`XX`: Cloudflare's CF-IPCountry; ISO 3166-1 assigns neither).
UNKNOWN = frozenset({"xx", "zz"})


def may_get_address(country: str, wish: str) -> bool:
    """Whether an IP address may go to Google, by the visit's country and the pixel's option `ipAddress`."""
    written = country.strip().lower()
    if wish == "never" or written in EXCLUDED:
        return False
    is_known = len(written) == 2 and written.isalpha() and written not in UNKNOWN
    return is_known or wish == "always"
