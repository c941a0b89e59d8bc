"""How an answer is said back: "6,500,000 yen", 29歳, "Master's degree". The words around a number stand in domain.yml."""

from __future__ import annotations

import datetime as dt
from typing import Any

from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_decimal

from actions.forms.form import Form
from actions.forms.reading import title
from actions.replies import part
from knowledge.guides.questionnaire import UNKNOWN, Question
from knowledge.languages import in_language

_UNITS = {"money": "utter_part_yen", "age": "utter_part_age", "years": "utter_part_years"}


def shown(form: Form, question: Question, value: Any, language: str) -> Any:
    """An answer in words: a text, or a part that is filled in with the reply."""
    own = form.show(question, value, language)
    if own is not None:
        return own
    if value == UNKNOWN:
        return title("unknown", language)
    labels = {option.id: in_language(option.label, language) for option in question.options or form.options(question, {})}
    if question.kind == "many":
        return format_list([labels.get(one, one) for one in value], "unit", language) if value else title("none", language)
    if question.kind in _UNITS:
        return part(_UNITS[question.kind], number=format_decimal(value, locale=language))
    if question.kind == "date" and isinstance(value, str):
        first, _, last = value.partition("/")
        days = [str(format_date(dt.date.fromisoformat(day), format="long", locale=language)) for day in dict.fromkeys([first, last or first])]
        return " – ".join(days)
    return labels.get(value, value)
