"""A Bot API on loopback that remembers what it was asked and answers what it is told."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl


def error(code: int, description: str, **parameters: Any) -> dict[str, Any]:
    return {"ok": False, "error_code": code, "description": description, "parameters": parameters}


class FakeTelegram:
    """`answers[method]` are given in turn, the last one for ever; without any: `true`."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.answers: dict[str, list[Any]] = {}
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                _, bot, method = self.path.split("/")
                body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
                is_json = "json" in self.headers.get("Content-Type", "")
                params = json.loads(body or "{}") if is_json else dict(parse_qsl(body))
                answer = fake.answer(bot.removeprefix("bot"), method, params)
                self.send_response(answer.get("error_code", 200))
                encoded = json.dumps(answer).encode()
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(encoded)))
                self.end_headers()
                self.wfile.write(encoded)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def answer(self, token: str, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self.calls.append((token, method, params))
        planned = self.answers.get(method, [True])
        answer = planned.pop(0) if len(planned) > 1 else planned[0]
        return answer if isinstance(answer, dict) and "ok" in answer else {"ok": True, "result": answer}

    def asked(self, method: str) -> list[dict[str, Any]]:
        return [params for _, asked, params in self.calls if asked == method]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
