"""The result of a form: it is said, and from then on the conversation is about it, so that "how much?" or "and for category 1?" is understood."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

from rasa_sdk.executor import CollectingDispatcher

from actions.counter import counter
from actions.forms.form import Form
from actions.memory import Memory
from actions.replies import Button, say
from actions.turn import Turn
from knowledge.guides.questionnaire import Answers

SLOT = "shown"  # the last result: {"form": its name, "subject": what the conversation was about then, and what the form remembers}


def say_result(
    dispatcher: CollectingDispatcher, turn: Turn, form: Form, answers: Answers, memory: Memory, buttons: Sequence[Button] = ()
) -> Tuple[Memory, Dict[str, Any]]:
    """Says the result, with `buttons` under it; the memory after it, and the slot that keeps which result it was (for `Turn.events`)."""
    day = dt.date.today()
    *others, last = form.finish(answers, turn.language, day)
    for one in (*others, replace(last, buttons=[*last.buttons, *buttons])):
        say(dispatcher, one.reply, turn.language, one.buttons, one.card, **one.fields)
    article = form.about(answers, day)
    if article is None:
        return memory, {}
    if article in counter().library.articles:
        memory = memory.about(article)
    after = replace(memory, question=None, unit=None, offered=tuple(dict(one) for one in buttons), failures=0)
    return after, {SLOT: {"form": form.name, "subject": after.subject, **form.remembers(answers)}}


def shown(slots: Mapping[str, Any], form: Form) -> Optional[Mapping[str, Any]]:
    """What was kept of the last result, when it was this form's."""
    last: Mapping[str, Any] = slots.get(SLOT) or {}
    return last if last.get("form") == form.name else None


def just_shown(slots: Mapping[str, Any], form: Form) -> bool:
    """Whether nothing was asked since the result of this form."""
    memory, last = Memory.of(slots), shown(slots, form)
    return last is not None and memory.question is None and memory.subject == last.get("subject")
