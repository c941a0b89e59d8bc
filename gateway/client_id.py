"""The id that a sender gives to a message, so that sending it twice is sending it once."""

from __future__ import annotations

import re
from typing import Optional

from gateway.errors import Invalid

_FORM = re.compile(r"[A-Za-z0-9_-]{8,64}")


def checked(client_id: Optional[str]) -> str:
    """The id. Raises Invalid('client_id') when it is missing or of another form."""
    if not isinstance(client_id, str) or not _FORM.fullmatch(client_id):
        raise Invalid("client_id", "client_id: 8 to 64 of A-Z a-z 0-9 _ -, a new one for each message")
    return client_id
