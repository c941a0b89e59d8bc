"""The messaging apps. One module an app; README.md in this folder says how one is made. gateway/channels/web.py is the chat window."""

from __future__ import annotations

from typing import Any, Dict, Optional, Protocol, Sequence, Tuple, runtime_checkable

from gateway.channels.parcels import Parcel, SendFailed
from gateway.channels.spec import ChannelSpec

__all__ = ["Channel", "ChannelSpec", "Channels", "Packing", "Parcel", "SendFailed"]


class Channel(Protocol):
    """An adapter. Those of messaging apps are made from gateway.channels.provider.Provider, which has more."""

    @property
    def spec(self) -> ChannelSpec:
        """Its limits."""

    async def send(self, parcel: Parcel) -> Optional[Sequence[str]]:
        """Delivers. Returns the provider's ids of what was delivered, where it gives some. Raises SendFailed."""


@runtime_checkable
class Packing(Protocol):
    """A channel that sends several messages in one call."""

    def together(self, parcels: Sequence[Parcel]) -> int:
        """How many of these, from the first on, go into one call; at least 1."""


class Channels:
    """The adapters by name. `off`: those without credentials, and what is missing. Their conversations stay: messages wait until the channel is
    back, which is why its limits are known here all the same."""

    def __init__(self, *channels: Channel, off: Sequence[Tuple[ChannelSpec, str]] = ()) -> None:
        self._channels: Dict[str, Channel] = {channel.spec.name: channel for channel in channels}
        self._resting: Dict[str, ChannelSpec] = {spec.name: spec for spec, _ in off}
        self.off: Dict[str, str] = {spec.name: missing for spec, missing in off}

    def __getitem__(self, name: str) -> Channel:
        return self._channels[name]

    def get(self, name: str) -> Optional[Channel]:
        """The adapter, None when there is none."""
        return self._channels.get(name)

    def spec(self, name: str) -> ChannelSpec:
        """The limits of a channel. Raises KeyError."""
        return self._channels[name].spec if name in self._channels else self._resting[name]

    @property
    def pushed(self) -> Tuple[str, ...]:
        """The names of the channels that messages are sent to."""
        return tuple(name for name, channel in self._channels.items() if not channel.spec.pull)

    @property
    def providers(self) -> Tuple[Any, ...]:
        """The messaging apps (gateway.channels.provider.Provider) among them."""
        return tuple(channel for channel in self._channels.values() if hasattr(channel, "bind"))
