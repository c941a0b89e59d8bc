"""Passwords: what is accepted, how they are kept (argon2id)."""

from __future__ import annotations

import secrets
import unicodedata
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_LENGTH = 15
MAX_LENGTH = 256  # hashing a longer one would only cost time
_OWN_WORDS = ("madoguchi", "password", "窓口")


class Weak(ValueError):
    """A password that is not accepted; `code` is the key of the reason (texts: password.<code>)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Passwords:
    """Hashes and checks. The costs can be lowered for tests only."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()

    def hash(self, password: str) -> str:
        """The argon2id hash to keep."""
        return self._hasher.hash(_normal(password))

    def matches(self, hashed: str, password: str) -> bool:
        """Whether `password` is the one behind `hashed`."""
        try:
            return self._hasher.verify(hashed, _normal(password)[:MAX_LENGTH])
        except (VerificationError, InvalidHashError):
            return False

    def waste_time(self, password: str) -> None:
        """Costs as much as a check, for names that do not exist: so that the time does not tell which names do."""
        self.matches(_dummy(self._hasher), password)

    def outdated(self, hashed: str) -> bool:
        """Whether the hash was made with other costs than today's."""
        return self._hasher.check_needs_rehash(hashed)


def check_strength(password: str, *names: str) -> None:
    """Raises Weak for a password that is too short, too long, too simple, or made of the account's or the product's name."""
    normal = _normal(password)
    if len(normal) < MIN_LENGTH:
        raise Weak("too_short")
    if len(normal) > MAX_LENGTH:
        raise Weak("too_long")
    plain = normal.casefold()
    if len(set(plain)) < 5:
        raise Weak("too_simple")
    for word in (*_OWN_WORDS, *(name.casefold() for name in names)):
        if len(word) > 1:
            plain = plain.replace(word, "")
    if len(plain) < MIN_LENGTH - 5:
        raise Weak("too_simple")


def first_password() -> str:
    """A random one for a new account; its owner has to change it at the first log-in."""
    return "-".join(secrets.token_hex(3) for _ in range(4))


def _normal(password: str) -> str:
    # The same characters typed with another keyboard or input method must be the same password.
    return unicodedata.normalize("NFKC", password)


@lru_cache(maxsize=4)
def _dummy(hasher: PasswordHasher) -> str:
    return hasher.hash(secrets.token_hex(16))
