"""What each messaging app can show, and how it is reached. One module an app; gateway/channels/web.py is the chat window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Mapping, Optional, Protocol, Tuple


@dataclass(frozen=True)
class ChannelSpec:
    """The limits of a channel.

    `max_text` in `unit` (characters or bytes); `max_buttons` of `max_label` characters; `window_hours`: how long after the person's last message a
    reply is allowed (None: always); `pull`: the person's device fetches from our own store, so that a message is sent when it is stored.
    """

    name: str
    max_text: int
    max_buttons: int
    max_label: int
    unit: str = "characters"
    window_hours: Optional[float] = None
    pull: bool = False
    idempotent: bool = False
    forms: Tuple[str, ...] = ()

    def too_long(self, text: str) -> bool:
        """Whether a text breaks the limit."""
        return (len(text.encode()) if self.unit == "bytes" else len(text)) > self.max_text


@dataclass(frozen=True)
class Parcel:
    """One message on its way: whom to (the channel's own id), what, and the key that lets a provider refuse a repetition."""

    message: str
    conversation: str
    external_id: str
    author: str
    author_name: Optional[str]
    body: Mapping[str, Any]
    language: str
    idem_key: str
    attempt: int


class SendFailed(Exception):
    """The provider did not take it. `final`: trying again is of no use; `uncertain`: it may have been taken all the same."""

    def __init__(self, reason: str, final: bool = False, uncertain: bool = False, retry_after: Optional[float] = None) -> None:
        super().__init__(reason)
        self.final, self.uncertain, self.retry_after = final, uncertain, retry_after


class Channel(Protocol):
    """An adapter."""

    spec: ChannelSpec

    async def send(self, parcel: Parcel) -> None:
        """Delivers. Raises SendFailed."""


class Channels:
    """The adapters by name."""

    def __init__(self, *channels: Channel) -> None:
        self._channels: Dict[str, Channel] = {channel.spec.name: channel for channel in channels}

    def __getitem__(self, name: str) -> Channel:
        return self._channels[name]

    def spec(self, name: str) -> ChannelSpec:
        """The limits of a channel. Raises KeyError."""
        return self._channels[name].spec

    @property
    def pushed(self) -> Tuple[str, ...]:
        """The names of the channels that messages are sent to."""
        return tuple(name for name, channel in self._channels.items() if not channel.spec.pull)
