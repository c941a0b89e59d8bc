"""The wish for a form in a message that tells a long story first, where the classifier sees the story. Known by words, see wishes.yaml."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Mapping, Optional

from actions import checklist, status_finder
from actions.decision import Decision
from actions.forms import reading
from actions.forms.form import Form
from actions.forms.hearing import heard_in
from actions.turn import Turn
from knowledge.analysis import normalised
from knowledge.documents import read_document

_FORMS: Mapping[str, Form] = {form.name: form for form in (checklist.FORM, status_finder.FORM)}
_TOLD = 2  # answers that a message brings along, beside which its question is the form's


def wished(turn: Turn, decision: Decision) -> Optional[str]:
    """The form that a message asks for; None when it asks for none. `decision`: what would be said to it otherwise.

    Words that say so plainly ("make me a list of the documents") begin the form, less plain ones ("which visa fits?") with answers of the form beside
    them, and a question that may be the form's ("what visa do I need?") only when the knowledge has no sure answer besides.
    """
    text = normalised(turn.asked.text)
    for name, form in _FORMS.items():
        if _matches(name, "plain", text) or (_matches(name, "with_answers", text) and _told(form, turn)):
            return name
        if decision.kind != "answer" and _matches(name, "question", text) and _told(form, turn):
            return name
    return None


def _told(form: Form, turn: Turn) -> bool:
    return len(reading.told(form, heard_in(turn))) >= _TOLD


def _matches(name: str, kind: str, text: str) -> bool:
    return any(pattern.search(text) for pattern in _patterns(name, kind))


@cache
def _patterns(name: str, kind: str) -> tuple[re.Pattern[str], ...]:
    rows = read_document(Path(__file__).with_name("wishes.yaml")).data[name].get(kind, {})
    return tuple(re.compile(pattern) for pattern in rows.values())
