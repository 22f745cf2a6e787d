"""Serves track.js, the script that landing pages load, and the one it loads where there is a consent banner."""

import gzip
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import condition, require_safe

from dispatch.platforms import registry

#: A page keeps the script for a day and then asks by its ETag; meanwhile it may use the old one.
KEEP = "public, max-age=86400, stale-while-revalidate=604800"


#: Written with spaces for people and served without; no text of the scripts holds one of these.
_WIDE = (" = ", " && ", " || ", " === ", ") {")


@dataclass(frozen=True, slots=True)
class Script:
    plain: bytes
    zipped: bytes
    etag: str


@cache
def script(name: str = "track.js") -> Script:
    """A script with the platforms' cookies and click parameters, without comments and indentation."""
    source = (settings.BASE_DIR / "templates" / "tracker" / name).read_text()
    cookies = {known.cookie: known.api_name for known in registry.click_ids() if known.cookie}
    source = source.replace("BROWSER_IDS = {}", f"BROWSER_IDS = {json.dumps(cookies, separators=(',', ':'))}")
    source = source.replace("CLICK_PARAMETERS", _short(registry.parameters()))
    for wide in _WIDE:
        source = source.replace(wide, wide.replace(" ", ""))
    lines = (line.strip() for line in source.splitlines())
    plain = "\n".join(line for line in lines if line and not line.startswith("//")).encode()
    return Script(plain, gzip.compress(plain, mtime=0), f'W/"{hashlib.sha256(plain).hexdigest()[:16]}"')


def _short(parameters: Iterable[str]) -> str:
    """A pattern of the click parameters; one part stands for all whose names end in `clid`."""
    others = sorted(name for name in parameters if not name.endswith("clid"))
    return "|".join([r"\w+clid", *others])


def _etag(_request: HttpRequest, name: str) -> str:
    return script(name).etag


@require_safe
@condition(etag_func=_etag)
def serve(request: HttpRequest, name: str) -> HttpResponse:
    takes_gzip = "gzip" in request.headers.get("Accept-Encoding", "")
    body = script(name).zipped if takes_gzip else script(name).plain
    response = HttpResponse(body, content_type="text/javascript")
    if takes_gzip:
        response["Content-Encoding"] = "gzip"
    response["Vary"] = "Accept-Encoding"
    response["Cache-Control"] = KEEP
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
