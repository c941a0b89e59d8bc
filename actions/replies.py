"""Sends what was decided: names of replies and their fields. The words stand in domain.yml, in every language; the Rasa server fills them in."""

from __future__ import annotations

import datetime as dt
from typing import Any, Dict, List, Mapping, Optional, Sequence

from babel.dates import format_date
from rasa_sdk.executor import CollectingDispatcher

from actions.decision import Decision
from actions.plainer import main_point
from knowledge.answers import Answer

Part = Dict[str, Any]
Button = Mapping[str, str]


def part(reply: str, **fields: Any) -> Part:
    """A reply inside another one."""
    return {"reply": reply, "fields": fields}


def say(
    dispatcher: CollectingDispatcher, reply: str, language: str, buttons: Sequence[Button] = (), card: Optional[Dict[str, Any]] = None, **fields: Any
) -> None:
    """One reply. `buttons` come before those that the reply has itself; `card` is the structured form for channels that draw one."""
    titles = [button["title"] for button in buttons]
    dispatcher.utter_message(response=reply, language=language, json_message=card or {}, choices=titles, **fields)


def say_answers(dispatcher: CollectingDispatcher, decision: Decision, language: str, extra: Sequence[Part] = ()) -> None:
    """Answers with source and date. All but the last come without buttons, so that the choices stand under the whole."""
    names = ["utter_likely_answer" if decision.kind == "likely" else "utter_answer"] + ["utter_answer"] * (len(decision.answers) - 1)
    answers = [*decision.answers, *([decision.also] if decision.also else [])]
    names += ["utter_also_answer"] if decision.also else []
    for place, (name, answer) in enumerate(zip(names, answers)):
        last = place == len(answers) - 1
        say(
            dispatcher,
            name,
            language,
            decision.buttons if last else (),
            {"answer": card_of(answer, decision, place == 0)},
            answer=answer.text,
            notices=[*notices(answer), *(extra if last else ())],
            **_source_of(answer),
        )


def say_source(dispatcher: CollectingDispatcher, answer: Answer) -> None:
    """What an answer rests on, and how sure that is; not the answer again, which stands just above it."""
    say(dispatcher, "utter_source", answer.language, notices=[*notices(answer), part("utter_part_source")], **_source_of(answer))


def say_in_short(dispatcher: CollectingDispatcher, answer: Answer) -> None:
    """The main point of an answer, for who found it too long or too hard."""
    say(dispatcher, "utter_in_short", answer.language, point=main_point(answer.text), notices=notices(answer), **_source_of(answer))


def _source_of(answer: Answer) -> Dict[str, Any]:
    """The fields of a reply that name an answer and its source."""
    return {
        "title": answer.title,
        "publisher": answer.publisher,
        "source_title": answer.source_title,
        "url": answer.url,
        "checked": part("utter_part_checked_read" if answer.source_read else "utter_part_checked_cited", date=_date(answer.checked, answer.language)),
    }


def notices(answer: Answer) -> List[Part]:
    """What has to be said beside an answer that is not certain, or not fresh."""
    found = []
    if answer.confidence == "low":
        found.append(part("utter_part_unverified"))
    elif answer.confidence == "medium":
        found.append(part("utter_part_confirm"))
    if answer.stale_since:
        found.append(part("utter_part_stale", date=_date(answer.stale_since, answer.language)))
    if not answer.in_force:
        found.append(part("utter_part_not_in_force"))
    return found


def card_of(answer: Answer, decision: Decision, first: bool) -> Dict[str, Any]:
    """The structured form of an answer. `sure` is False for the nearest answer and for what may be meant as well."""
    return {**answer.card(decision.certainty), "sure": first and decision.kind == "answer"}


def _date(day: dt.date, language: str) -> str:
    return str(format_date(day, format="long", locale=language))
