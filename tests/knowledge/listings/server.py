"""A web server on loopback that plays a feed: it gives the answers of a script, one after the other, and notes what it was asked."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Callable, Iterator, Union


@dataclass
class Answer:
    """`chunks` are sent one by one; before each of them the server waits for `gate`, if there is one."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    gate: threading.Event | None = None


Script = Union[Answer, Callable[[dict[str, str]], Answer]]


class Playing:
    """The running server. `script`: the answers by path; the last one of a list is given again and again."""

    def __init__(self) -> None:
        self.script: dict[str, list[Script]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.release = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                outer.asked.append((self.path, headers))
                answers = outer.script.get(self.path, [Answer(404)])
                chosen = answers.pop(0) if len(answers) > 1 else answers[0]
                answer = chosen(headers) if callable(chosen) else chosen
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                try:
                    if answer.gate is not None:
                        self.wfile.write(answer.body[:1])
                        self.wfile.flush()
                        answer.gate.wait(30)
                        self.wfile.write(answer.body[1:])
                    else:
                        self.wfile.write(answer.body)
                except OSError:
                    pass  # the other side has hung up, as it should

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self._server.server_address[1]}{path}"

    def plays(self, path: str, *answers: Script) -> str:
        self.script[path] = list(answers)
        return self.url(path)


@contextmanager
def playing() -> Iterator[Playing]:
    server = Playing()
    server._thread.start()
    try:
        yield server
    finally:
        server.release.set()
        server._server.shutdown()
        server._server.server_close()
        server._thread.join()
