"""Secrets at rest: what has to be kept and must not be readable in a copy of the database."""

from __future__ import annotations

import base64
import binascii
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE = 12  # bytes; NIST SP 800-38D, 8.2.2: 96 random bits


class Unreadable(ValueError):
    """It was sealed with another secret, for something else, or has been changed."""


class Vault:
    """Seals and opens (AES-256-GCM). The key comes from a secret of secret_file.py, which is never in the database."""

    def __init__(self, secret: str) -> None:
        self._cipher = AESGCM(HKDF(SHA256(), 32, salt=None, info=b"madoguchi vault").derive(secret.encode()))

    def seal(self, content: bytes, about: str) -> str:
        """As text: 28 bytes more than `content`, in base64. `about`: what it belongs to (a row's id); moved to another row it cannot be opened."""
        nonce = secrets.token_bytes(_NONCE)
        return base64.urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, content, about.encode())).decode()

    def open(self, sealed: str, about: str) -> bytes:
        """The content. Raises Unreadable."""
        try:
            raw = base64.urlsafe_b64decode(sealed)
            return self._cipher.decrypt(raw[:_NONCE], raw[_NONCE:], about.encode())
        except (binascii.Error, ValueError, InvalidTag) as error:
            raise Unreadable("sealed with another secret, for something else, or changed") from error
