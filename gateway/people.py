"""Who acts: a person chatting, a coordinator, or the system itself."""

from __future__ import annotations

from dataclasses import dataclass

SYSTEM = "system"
BOT = "bot"


@dataclass(frozen=True)
class Coordinator:
    """A coordinator as the desk knows them. `name` is shown to the person; accounts and rights are the desk's."""

    id: str
    name: str
    role: str = "coordinator"

    @property
    def actor(self) -> str:
        """As written in the audit log."""
        return f"coordinator:{self.id}"


def person(contact: str) -> str:
    """A person as written in the audit log: the id, never a name."""
    return f"person:{contact}"
