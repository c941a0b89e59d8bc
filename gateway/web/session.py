"""Who a request comes from: a token that only the server can make, in a cookie or a header, never in an address."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from typing import Optional

from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import Response

from gateway.conversations import Conversations
from gateway.errors import NotKnown

COOKIE = "madoguchi_chat"
CHANNEL = "web"
MAX_AGE = 180 * 86400
_CACHED = 10_000


@dataclass(frozen=True)
class Session:
    """A person on the web: the token's inside, and their conversation."""

    external_id: str
    conversation: str


class Sessions:
    """Issues and checks tokens (ASVS 7.2: random reference tokens; the signature spares a look-up for forged ones)."""

    def __init__(self, secret: str, conversations: Conversations, secure: bool) -> None:
        self._signer = URLSafeTimedSerializer(secret, salt="chat-session")
        self._conversations, self._secure = conversations, secure
        self._known: OrderedDict[str, str] = OrderedDict()

    def issue(self) -> str:
        """A new identity, signed."""
        return str(self._signer.dumps(secrets.token_urlsafe(24)))

    def external_id(self, token: Optional[str]) -> Optional[str]:
        """What a token holds; None when it is missing, forged or too old."""
        if not token or len(token) > 512:
            return None
        try:
            found = self._signer.loads(token, max_age=MAX_AGE)
        except BadData:
            return None
        return found if isinstance(found, str) else None

    def token_of(self, request: Request) -> Optional[str]:
        """The token of a request: the header wins over the cookie."""
        header = request.headers.get("authorization", "")
        if header.lower().startswith("bearer "):
            return header[7:].strip()
        return request.cookies.get(COOKIE)

    def claimed(self, request: Request) -> str:
        """The identity of a request, checked by signature only. Raises NotKnown."""
        found = self.external_id(self.token_of(request))
        if found is None:
            raise NotKnown()
        return found

    def session(self, request: Request) -> Session:
        """The person behind a request. Raises NotKnown. Asks the database once for each person and process."""
        external = self.claimed(request)
        conversation = self._known.get(external)
        if conversation is None:
            conversation = self._conversations.known(CHANNEL, external)
            self.remember(external, conversation)
        return Session(external, conversation)

    def remember(self, external_id: str, conversation: str) -> None:
        """Keeps an identity's conversation at hand."""
        self._known[external_id] = conversation
        if len(self._known) > _CACHED:
            self._known.popitem(last=False)

    def forget(self, external_id: str) -> None:
        """Drops it."""
        self._known.pop(external_id, None)

    def set_cookie(self, response: Response, token: str, max_age: int = MAX_AGE) -> None:
        """The cookie. Over https it works in a frame or script on another site as well (SameSite=None; Partitioned)."""
        rest = "SameSite=None; Secure; Partitioned" if self._secure else "SameSite=Lax"
        response.headers.append("set-cookie", f"{COOKIE}={token}; Path=/api/chat; Max-Age={max_age}; HttpOnly; {rest}")
