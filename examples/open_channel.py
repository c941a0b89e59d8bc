"""A whole integration of the open channel in one file: says something for a person, and prints what comes back until the bot has answered.

    python -m gateway.channels.keys create example --webhook http://127.0.0.1:8900/madoguchi      # shows MADOGUCHI_KEY and MADOGUCHI_SECRET once
    MADOGUCHI_KEY=example.… MADOGUCHI_SECRET=whsec_… python examples/open_channel.py "How do I renew my visa?"

Needs Python 3.8 and `requests`. What is exchanged: docs/openapi.yaml. Signatures: Standard Webhooks (https://www.standardwebhooks.com).
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
import queue
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Dict, Mapping, Set

import requests

TOLERANCE = 300  # seconds
MAX_BODY = 1024 * 1024  # bytes
TIMEOUT = 10  # seconds


class Signer:
    """Signs and checks calls with a key's secret ("whsec_…")."""

    def __init__(self, secret: str) -> None:
        self._secret = base64.b64decode(secret[len("whsec_") :] if secret.startswith("whsec_") else secret)

    def sign(self, call: str, seconds: int, raw: bytes) -> str:
        """The header webhook-signature."""
        digest = hmac.new(self._secret, f"{call}.{seconds}.".encode() + raw, hashlib.sha256).digest()
        return "v1," + base64.b64encode(digest).decode()

    def check(self, headers: Mapping[str, str], raw: bytes) -> bool:
        """Whether a call is Madoguchi's, and of now. Over the body as it came, before it is parsed; compared in constant time."""
        seconds = headers.get("webhook-timestamp", "")
        if not (seconds.isascii() and seconds.isdigit()) or abs(time.time() - int(seconds)) > TOLERANCE:
            return False
        expected = self.sign(headers.get("webhook-id", ""), int(seconds), raw).encode()
        return any(hmac.compare_digest(expected, one.encode()) for one in headers.get("webhook-signature", "").split())


class Gateway:
    """Tells Madoguchi what a person did."""

    def __init__(self, address: str, key: str, signer: Signer) -> None:
        self._address, self._key, self._signer = address.rstrip("/") + "/channels/open/webhook", key, signer
        self._session = requests.Session()

    def tell(self, event: Dict[str, Any], attempts: int = 5) -> str:
        """Sends an event; returns its id. The id stays the same however often it has to be sent. Raises requests.HTTPError when it is refused."""
        call, raw = uuid.uuid4().hex, json.dumps(event, ensure_ascii=False).encode()
        for attempt in range(attempts):
            seconds = int(time.time())
            headers = {
                "content-type": "application/json",
                "madoguchi-key": self._key,
                "webhook-id": call,
                "webhook-timestamp": str(seconds),
                "webhook-signature": self._signer.sign(call, seconds, raw),
            }
            last = attempt == attempts - 1
            try:
                answer = self._session.post(self._address, data=raw, headers=headers, timeout=TIMEOUT)
            except (requests.ConnectionError, requests.Timeout):
                if last:
                    raise
            else:
                if last or (answer.status_code != 429 and answer.status_code < 500):
                    break
            time.sleep(2**attempt)
        if not answer.ok:
            print(f"refused: {answer.status_code} {answer.text}", file=sys.stderr)
        answer.raise_for_status()
        return call


class Inbox(ThreadingHTTPServer):
    """Takes Madoguchi's messages. `arrived` holds each once, in order."""

    def __init__(self, port: int, signer: Signer) -> None:
        super().__init__(("127.0.0.1", port), _Call)
        self.signer = signer
        self.arrived: "queue.Queue[Dict[str, Any]]" = queue.Queue()
        self._seen: Set[str] = set()  # a real app keeps these in its database, in the same transaction as the message
        self._lock = threading.Lock()

    def keep(self, event: Dict[str, Any]) -> None:
        """Keeps an event, once."""
        with self._lock:
            if event["id"] not in self._seen:
                self._seen.add(event["id"])
                self.arrived.put(event)


class _Call(BaseHTTPRequestHandler):
    server: Inbox

    def do_POST(self) -> None:
        """One event: checked, kept, and only then acknowledged."""
        length = self.headers.get("content-length", "")
        if not length.isdigit() or int(length) > MAX_BODY:
            self._answer(413)
            return
        raw = self.rfile.read(int(length))
        if not self.server.signer.check(self.headers, raw):  # type: ignore[arg-type]
            self._answer(401)
            return
        event = json.loads(raw)
        if event["type"] == "message":  # other kinds may come one day: acknowledged, and left alone
            self.server.keep(event)
        self._answer(204)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Says nothing."""


def show(message: Dict[str, Any]) -> None:
    """Prints a message and its buttons."""
    who = {"bot": "bot", "system": "service", "coordinator": message["name"] or "coordinator"}[message["author"]]
    print(f"[{who}] {message['text']}", flush=True)
    for button in message["buttons"]:
        print(f"    ({button['title']})  {button['token']}", flush=True)


def main() -> int:
    """Says one thing, shows what comes back, and tells that it was read. Returns 1 when no answer comes in time."""
    parser = argparse.ArgumentParser(description="An example of the open channel.")
    parser.add_argument("text", help="what the person says")
    parser.add_argument("--gateway", default="http://127.0.0.1:8080")
    parser.add_argument("--port", type=int, default=8900, help="where this program listens: the port in the key's --webhook")
    parser.add_argument("--person", default="example-1", help="your own id of the person")
    parser.add_argument("--language", default="en")
    parser.add_argument("--wait", type=float, default=60, help="seconds to wait for the bot")
    options = parser.parse_args()
    try:
        key, signer = os.environ["MADOGUCHI_KEY"], Signer(os.environ["MADOGUCHI_SECRET"])
    except KeyError as missing:
        print(f"Set {missing.args[0]}: python -m gateway.channels.keys create shows it.", file=sys.stderr)
        return 2
    inbox, gateway = Inbox(options.port, signer), Gateway(options.gateway, key, signer)
    threading.Thread(target=inbox.serve_forever, daemon=True).start()
    try:
        gateway.tell({"type": "text", "person": options.person, "text": options.text, "language": options.language})
        while True:
            event = inbox.arrived.get(timeout=options.wait)
            show(event["message"])
            if event["message"]["author"] != "system" and event["message"]["part"] == event["message"]["parts"]:
                gateway.tell({"type": "read", "person": event["person"], "message": event["id"]})
                return 0
    except queue.Empty:
        print("No answer came in time.", file=sys.stderr)
        return 1
    except requests.RequestException as error:
        print(f"Madoguchi did not take it: {error}", file=sys.stderr)
        return 1
    finally:
        inbox.shutdown()
        inbox.server_close()


if __name__ == "__main__":
    sys.exit(main())
