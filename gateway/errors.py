"""What can go wrong for a caller. `code` is for programs; the words for people stand in texts/messages.yaml under `error_<code>`."""

from __future__ import annotations

from typing import Optional


class GatewayError(Exception):
    """The base. `status` is the HTTP status that fits; `reason`: what a programmer has to know, in English, sent along where it is not empty."""

    status = 400
    reason = ""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or code)
        self.code = code


class NotFound(GatewayError):
    """What was named does not exist, or is not the caller's to see: the two look alike on purpose."""

    status = 404

    def __init__(self, code: str = "not_found", detail: str = "") -> None:
        super().__init__(code, detail)


class NotKnown(GatewayError):
    """No session, or a forged or erased one."""

    status = 401

    def __init__(self, code: str = "session_missing", detail: str = "") -> None:
        super().__init__(code, detail)


class Conflict(GatewayError):
    """Somebody was quicker, or the state does not allow it. `owner`: the name of who has the conversation."""

    status = 409

    def __init__(self, code: str, owner: Optional[str] = None, detail: str = "") -> None:
        super().__init__(code, detail or (f"{code}: {owner}" if owner else code))
        self.owner = owner


class Invalid(GatewayError):
    """The content cannot be accepted."""

    status = 422


class TooMany(GatewayError):
    """A rate limit. `retry_after`: seconds."""

    status = 429

    def __init__(self, retry_after: float) -> None:
        super().__init__("too_many")
        self.retry_after = retry_after
