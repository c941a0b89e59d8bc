"""How each channel stands: kept in the database, so that the desk of any process can show it."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from typing import List, Optional

from gateway.channels import Channels
from gateway.clock import Clock
from gateway.store.database import Database
from gateway.store.tables import Setting

STATES = ("off", "unchecked", "ready", "credentials", "unreachable")
_KEY = "channel."


@dataclass(frozen=True)
class ChannelStatus:
    """`state`: one of STATES (credentials: the provider does not accept them); `detail`: what is missing, or the provider's words; `account`: the
    name of the account at the provider; `quota`, `used`: paid messages a month, None where there is no such limit; `checked_at`: ISO, UTC."""

    name: str
    state: str
    detail: str = ""
    account: str = ""
    quota: Optional[int] = None
    used: Optional[int] = None
    checked_at: str = ""

    @property
    def left(self) -> Optional[int]:
        """Messages left this month; None: no limit."""
        return None if self.quota is None or self.used is None else max(0, self.quota - self.used)

    @property
    def scarce(self) -> bool:
        """Whether four fifths are used."""
        return self.left is not None and self.left * 5 <= (self.quota or 0)


class Statuses:
    """Reads and writes them."""

    def __init__(self, database: Database, clock: Clock, channels: Channels) -> None:
        self._database, self._clock, self._channels = database, clock, channels

    def write(self, status: ChannelStatus) -> None:
        """Keeps one, with the time."""
        row = {**asdict(status), "checked_at": self._clock().astimezone(dt.timezone.utc).isoformat(timespec="seconds")}
        with self._database.write() as session:
            session.merge(Setting(key=_KEY + status.name, value=row))

    def spent(self, name: str, number: int) -> None:
        """Counts paid messages until the provider is asked again."""
        with self._database.write() as session:
            row = session.get(Setting, _KEY + name)
            if row is not None and row.value.get("used") is not None:
                row.value = {**row.value, "used": row.value["used"] + number}

    def of(self, name: str) -> ChannelStatus:
        """One channel's."""
        if name in self._channels.off:
            return ChannelStatus(name, "off", self._channels.off[name])
        with self._database.read() as session:
            row = session.get(Setting, _KEY + name)
            return ChannelStatus(**row.value) if row is not None else ChannelStatus(name, "unchecked")

    def all(self) -> List[ChannelStatus]:
        """All messaging apps', those that are off too."""
        return [self.of(name) for name in (*self._channels.pushed, *self._channels.off)]
