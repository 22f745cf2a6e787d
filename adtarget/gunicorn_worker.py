"""gunicorn's threaded worker, answering malformed HTTP in the API's own words.

Such a request has no path yet that could be trusted, so every refusal is JSON.
"""

import json
from typing import Any

from gunicorn import util
from gunicorn.http import errors as http
from gunicorn.workers.gthread import ThreadWorker

_STATUSES: dict[type[BaseException], tuple[int, str, str]] = {
    http.LimitRequestLine: (414, "URI Too Long", "The request line is too long."),
    http.LimitRequestHeaders: (431, "Request Header Fields Too Large", "The headers are too long or too many."),
    http.UnsupportedTransferCoding: (501, "Not Implemented", "This Transfer-Encoding is not supported."),
    http.ExpectationFailed: (417, "Expectation Failed", "This Expect header is not supported."),
}
_MALFORMED = (400, "Bad Request", "The request is malformed HTTP.")


class Worker(ThreadWorker):
    """Refuses malformed HTTP in JSON, and never answers a request twice."""

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        if not isinstance(exc, http.ParseException):
            super().handle_error(req, client, addr, exc)
            return
        # The kind alone: the line itself may carry a token.
        self.log.warning("Malformed request refused: %s", type(exc).__name__)
        if req is not None:  # answered already; the rest of its body is malformed, and a second answer would confuse
            return
        status, reason, message = _STATUSES.get(type(exc), _MALFORMED)
        body = json.dumps(
            {"error": {"code": "INVALID_PAYLOAD", "message": message, "docUrl": "/api/docs/errors#INVALID_PAYLOAD"}}
        ).encode()
        head = (
            f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        try:
            util.write_nonblock(client, head.encode() + body)
        except OSError:
            self.log.debug("Failed to send error message.")
