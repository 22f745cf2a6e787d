"""What is written down, and what never is."""

import json
import logging
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from adtarget.core import logs
from adtarget.core.axiom import AxiomHandler

SECRET = "s3cr3t" * 6


@pytest.mark.promise("S11")
@pytest.mark.parametrize(
    "text",
    [
        f"Bearer atk_live_abcd1234_{SECRET}",
        f"key atk_test_abcd1234_{SECRET} refused",
        f"POST https://graph.facebook.com/v23.0/1/events?access_token={SECRET}",
        f'{{"refresh_token": "{SECRET}"}}',
        f"client_secret={SECRET}&grant_type=x",
        f"https://api.telegram.org/bot123:{SECRET}/sendMessage",
    ],
)
def test_no_secret_survives_redaction(text: str) -> None:
    assert SECRET not in logs.redact(text)


@pytest.mark.promise("S11")
@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_strangers_value_makes_no_line_of_its_own(log_format: str, capsys: Any) -> None:
    config = logs.logging_config(log_format=log_format)["formatters"][log_format]
    handler = logging.StreamHandler()
    handler.setFormatter(config.pop("()")(**config))
    record = logging.LogRecord(
        "test", logging.INFO, __file__, 1, "path %s", ("/a\n2026 [info] forged\x00\x1b[2J",), None
    )
    handler.handle(record)
    written = capsys.readouterr().err
    assert written.count("\n") == 1
    assert not {"\x00", "\x1b"} & set(written)


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_line_of_either_format_is_redacted(log_format: str, capsys: Any) -> None:
    config = logs.logging_config(log_format=log_format)["formatters"][log_format]
    handler = logging.StreamHandler()
    handler.setFormatter(config.pop("()")(**config))
    record = logging.LogRecord("test", logging.INFO, __file__, 1, "call with Bearer %s", (SECRET,), None)

    handler.handle(record)

    said = capsys.readouterr().err
    assert "call with Bearer" in said
    assert SECRET not in said


def test_every_answer_carries_its_request_id(client) -> None:
    given = client.get("/sign-in/nowhere", headers={"X-Request-Id": "from-outside-1"})
    made = client.get("/sign-in/nowhere", headers={"X-Request-Id": "no spaces <or> brackets"})

    assert given["X-Request-Id"] == "from-outside-1"
    assert len(made["X-Request-Id"]) == 16


# ------------------------------------------------------------------ Axiom
class _Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.path, self.headers["Authorization"], json.loads(body)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def axiom() -> Iterator[Any]:
    server = HTTPServer(("127.0.0.1", 0), _Receiver)
    server.received = []
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def shipping_to(address: str) -> AxiomHandler:
    handler = AxiomHandler(url=address, token="axiom-token", dataset="adtarget")
    handler.setFormatter(logging.Formatter('{"event": "%(message)s"}'))
    return handler


def test_lines_are_shipped_to_the_dataset(axiom, monkeypatch) -> None:
    monkeypatch.setattr("adtarget.core.axiom.BATCH_SECONDS", 0.01)
    handler = shipping_to(f"http://127.0.0.1:{axiom.server_port}")
    for number in range(3):
        handler.handle(logging.makeLogRecord({"msg": f"line {number}"}))

    deadline = time.monotonic() + 5
    while sum(len(lines) for *_, lines in axiom.received) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)

    assert {(path, token) for path, token, _ in axiom.received} == {
        ("/v1/datasets/adtarget/ingest", "Bearer axiom-token")
    }
    assert [line["event"] for *_, lines in axiom.received for line in lines] == ["line 0", "line 1", "line 2"]


def test_an_unreachable_axiom_neither_raises_nor_stops_logging() -> None:
    handler = shipping_to("http://127.0.0.1:9")

    handler.handle(logging.makeLogRecord({"msg": "lost"}))
    handler.flush()
