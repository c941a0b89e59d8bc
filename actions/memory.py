"""What a conversation remembers, as Rasa slots."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Mapping, Optional

EARLIER = 5  # subjects kept for a return to an earlier topic


@dataclass(frozen=True)
class Memory:
    """What is kept between two messages.

    `subject`: the article talked about; `earlier`: those before it, newest first; `question`: the person's last question; `opening`: the last one
    that said by itself what it is about, to which shorter ones add ("we had a baby" … "by when?"); `unit`: the unit told last; `offered`: what was
    offered to tap, as {"title": …, "target": unit key or article id}; `failures`: questions in a row without an answer; `handoff`: None, 'offered' or
    'requested'.
    """

    subject: Optional[str] = None
    earlier: tuple[str, ...] = ()
    question: Optional[str] = None
    opening: Optional[str] = None
    unit: Optional[str] = None
    offered: tuple[Mapping[str, str], ...] = ()
    failures: int = 0
    handoff: Optional[str] = None

    @classmethod
    def of(cls, slots: Mapping[str, Any]) -> Memory:
        """From a tracker's slots."""
        return cls(
            slots.get("subject"),
            tuple(slots.get("earlier") or ()),
            slots.get("question"),
            slots.get("opening"),
            slots.get("unit"),
            tuple(slots.get("offered") or ()),
            int(slots.get("failures") or 0),
            slots.get("handoff"),
        )

    def changes(self, after: Memory) -> dict[str, Any]:
        """The slots that differ in `after`: only they are set, since every set slot is an event that Rasa replays."""
        return {name: _plain(new) for name, new in vars(after).items() if new != getattr(self, name)}

    def about(self, article: str) -> Memory:
        """The conversation turns to an article; the one before is remembered."""
        if article == self.subject:
            return self
        before = [one for one in (self.subject, *self.earlier) if one and one != article]
        return replace(self, subject=article, earlier=tuple(before[:EARLIER]))


def _plain(value: Any) -> Any:
    return [dict(one) if isinstance(one, Mapping) else one for one in value] if isinstance(value, tuple) else value
