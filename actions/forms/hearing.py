"""What a form hears in a turn, and the answers that the slots hold."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping

from actions.forms.form import Form, Heard
from actions.turn import Turn
from knowledge.languages import languages


def heard_in(turn: Turn) -> Heard:
    """The message of a turn, as a form reads it."""
    confidence = float((turn.parsed.get("intent") or {}).get("confidence") or 0.0)
    return Heard(turn.asked.text, turn.language, turn.asked.intent, confidence, tuple(turn.parsed.get("entities") or ()))


def heard_before(turn: Turn, most: int) -> List[Heard]:
    """The last messages before that of a turn, at most so many, the oldest first."""
    found = []
    for parsed in turn.earlier[-most:]:
        code = str((parsed.get("language") or {}).get("code"))
        language = code if code in languages() else turn.language
        found.append(Heard(str(parsed.get("text") or ""), language, entities=tuple(parsed.get("entities") or ())))
    return found


def answers_of(form: Form, slots: Mapping[str, Any]) -> Dict[str, Any]:
    """The answers that the slots hold."""
    values = {question.id: slots.get(form.slot(question.id)) for question in form.questions()}
    return {name: value for name, value in values.items() if value is not None}
