"""The chat window. It reads from our own store (stream and poll), so a message is sent at the moment it is stored."""

from __future__ import annotations

from gateway.channels import ChannelSpec, Parcel

SPEC = ChannelSpec("web", max_text=10_000, max_buttons=12, max_label=200, pull=True, idempotent=True, forms=("inquiry",))


class WebChannel:
    """Nothing to deliver."""

    spec = SPEC

    async def send(self, parcel: Parcel) -> None:
        """Never called in practice: the outbox marks messages of a pull channel as sent at once."""
