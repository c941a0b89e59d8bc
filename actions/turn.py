"""What every action needs of the tracker: the message, its language, the memory, and the slots to set at the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Tuple

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet

from actions.decision import Asked
from actions.memory import Memory
from knowledge.languages import own_language, reply_language


@dataclass(frozen=True)
class Turn:
    """One message of a person, and the conversation around it. `earlier`: the messages before it as they were understood, the oldest first."""

    asked: Asked
    memory: Memory
    slots: Dict[str, Any]
    parsed: Dict[str, Any]
    earlier: Tuple[Mapping[str, Any], ...] = ()

    @property
    def language(self) -> str:
        """The language to reply in."""
        return self.asked.language

    @property
    def questions(self) -> List[str]:
        """What the person has written, the oldest first, with this message at the end."""
        return [*(str(one["text"] or "") for one in self.earlier), self.asked.text]

    def events(self, after: Memory, **slots: Any) -> List[Dict[str, Any]]:
        """The slots that changed."""
        changed = self.memory.changes(after)
        changed.update({name: value for name, value in {"language": self.language, **slots}.items() if self.slots.get(name) != value})
        return [SlotSet(name, value) for name, value in changed.items()]


def turn_of(tracker: Tracker) -> Turn:
    """The turn that an action is called for."""
    said = [event for event in reversed(tracker.events) if event.get("event") == "user"]
    parsed = {**(tracker.latest_message or {}), "metadata": (said[0].get("metadata") if said else None) or {}}
    language = reply_language(parsed, tracker.slots, [event.get("parse_data") or {} for event in said[1:]])
    intent = parsed.get("intent") or {}
    ranking = tuple((row["name"], row["confidence"]) for row in parsed.get("intent_ranking") or [])
    earlier = tuple({"text": event.get("text"), **(event.get("parse_data") or {})} for event in reversed(said[1:]))
    name, confidence = intent.get("name") or "unclear", float(intent.get("confidence") or 0.0)
    asked = Asked(parsed.get("text") or "", language, name, ranking, own_language(parsed) or "", confidence)
    return Turn(asked, Memory.of(tracker.slots), tracker.slots, parsed, earlier)
