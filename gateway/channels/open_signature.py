"""How calls of the open channel are signed, in both directions: Standard Webhooks 1.0.0, symmetric, so that integrators can take a library for it.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md (read on 2026-11-22): three headers; the signature is
Base64 of HMAC-SHA256 over "<id>.<timestamp>.<raw body>"; a header may hold several, one for each key that is in use.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Dict, Iterable, Mapping, Optional

PREFIX = "whsec_"
SECRET_BYTES = 32  # the specification: 24 to 64
TOLERANCE = 300  # seconds that a timestamp may be away from our clock
_ID = re.compile(r"[A-Za-z0-9_:@+=/-]{1,128}\Z")  # no full stop: it separates the signed parts
_SECONDS = re.compile(r"[0-9]{1,11}\Z")
_VERSION = "v1,"


class HeaderWrong(ValueError):
    """A header is missing, or not of its form. Its text says which, for programmers."""


@dataclass(frozen=True)
class Stamp:
    """What the headers say. `signature`: as it came, entries between spaces."""

    id: str
    seconds: int
    signature: str

    def age(self, now: dt.datetime) -> float:
        """How far it is from `now`, in seconds, in whichever direction."""
        return abs(now.timestamp() - self.seconds)


def new_secret() -> bytes:
    """A secret that nobody has."""
    return secrets.token_bytes(SECRET_BYTES)


def written(secret: bytes) -> str:
    """A secret as people copy it."""
    return PREFIX + base64.b64encode(secret).decode()


def read_secret(text: str) -> bytes:
    """The other way round. Raises ValueError."""
    try:
        return base64.b64decode(text.strip().removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError(f"a secret begins with {PREFIX} and goes on in Base64") from error


def signature(secret: bytes, call: str, seconds: int, raw: bytes) -> str:
    """One entry of the header."""
    digest = hmac.new(secret, f"{call}.{seconds}.".encode() + raw, hashlib.sha256).digest()
    return _VERSION + base64.b64encode(digest).decode()


def signed_headers(keys: Iterable[bytes], call: str, now: dt.datetime, raw: bytes) -> Dict[str, str]:
    """The three headers of a call, signed with every key, so that a receiver can change from one to the other."""
    seconds = int(now.timestamp())
    signatures = " ".join(signature(secret, call, seconds, raw) for secret in keys)
    return {"webhook-id": call, "webhook-timestamp": str(seconds), "webhook-signature": signatures}


def stamp(given: Mapping[str, str]) -> Stamp:
    """Reads the three headers. Raises HeaderWrong."""
    call = _header(given, "webhook-id", _ID, "1 to 128 of A-Z a-z 0-9 _ : @ + = / -")
    seconds = _header(given, "webhook-timestamp", _SECONDS, "whole seconds since 1970")
    return Stamp(call, int(seconds), _header(given, "webhook-signature", None, ""))


def genuine(secret: bytes, found: Stamp, raw: bytes) -> bool:
    """Whether one of the signatures is right. Compared in constant time."""
    expected = signature(secret, found.id, found.seconds, raw).encode()
    right = [hmac.compare_digest(expected, one.encode("utf-8", "replace")) for one in found.signature.split()[:10]]
    return any(right)


def _header(given: Mapping[str, str], name: str, form: Optional["re.Pattern[str]"], words: str) -> str:
    value = given.get(name, "").strip()
    if not value:
        raise HeaderWrong(f"the header {name} is missing")
    if form is not None and not form.match(value):
        raise HeaderWrong(f"the header {name} must be {words}")
    return value
