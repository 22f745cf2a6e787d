"""Request paths as logs and error reports may hold them: of an address that is a secret, only its route."""

import re

from django.urls import Resolver404, ResolverMatch, resolve

#: Parameters that name a thing. Every other one counts as a secret, so that a new route is safe before it is looked at.
HARMLESS_NAME = re.compile(r"(?:\w+_)?id|app_label|platform")
HARMLESS_VALUE = re.compile(r"[\w.:-]{1,64}", re.ASCII)
#: Known to one caller only, whatever their parameters are called.
SECRET_PREFIXES = ("/telegram/webhook/", "/in/")


def shown_path(path: str, match: ResolverMatch | None = None) -> str:
    """The path, or `/route/<token>/` where a part of it may be a secret; of an unknown path the first part."""
    if match is None:
        try:
            match = resolve(path)
        except Resolver404:
            return _first_part(path)
    if path.startswith(SECRET_PREFIXES):
        return f"/{match.route}"
    return path if all(map(_is_harmless, match.kwargs, match.kwargs.values())) else f"/{match.route}"


def _is_harmless(name: str, value: object) -> bool:
    return bool(HARMLESS_NAME.fullmatch(name) and HARMLESS_VALUE.fullmatch(str(value)))


def _first_part(path: str) -> str:
    first, slash, rest = path.lstrip("/").partition("/")
    return f"/{first[:64]}{slash}{'…' if rest else ''}"
