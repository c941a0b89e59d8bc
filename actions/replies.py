"""Sends what was decided: names of replies and their fields. The words stand in domain.yml, in every language; the Rasa server fills them in."""
from __future__ import annotations

import datetime as dt
from typing import Any, Dict, List, Optional, Sequence, Text

from babel.dates import format_date
from rasa_sdk.executor import CollectingDispatcher

from knowledge.answers import Answer

Part = Dict[Text, Any]
Button = Dict[Text, Text]


def part(reply: Text, **fields: Any) -> Part:
    """A reply inside another one."""
    return {"reply": reply, "fields": fields}


def say(dispatcher: CollectingDispatcher, reply: Text, language: Text, buttons: Sequence[Button] = (), card: Optional[Dict[Text, Any]] = None, **fields: Any) -> None:
    """One reply. `buttons` come before those that the reply has itself; `card` is the structured form for channels that draw one."""
    titles = [button["title"] for button in buttons]
    dispatcher.utter_message(response=reply, language=language, json_message=card or {}, choices=titles, **fields)


def say_answers(dispatcher: CollectingDispatcher, answers: List[Answer], language: Text, buttons: Sequence[Button], certainty: float, extra: Sequence[Part] = ()) -> None:
    """Answers with source and date. All but the last come without buttons, so that the choices stand under the whole."""
    for place, answer in enumerate(answers):
        last = place == len(answers) - 1
        say(
            dispatcher, "utter_answer", language, buttons if last else (), {"answer": card_of(answer, certainty)}, answer=answer.text,
            notices=[*notices(answer), *(extra if last else ())], publisher=answer.publisher, source_title=answer.source_title, url=answer.url,
            checked=part("utter_part_checked_read" if answer.source_read else "utter_part_checked_cited", date=_date(answer.checked, language)),
        )


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


def card_of(answer: Answer, certainty: float) -> Dict[Text, Any]:
    """The structured form of an answer."""
    return {
        "title": answer.title, "aspect": answer.aspect, "aspect_label": answer.aspect_label, "language": answer.language, "text": answer.text,
        "source": {"url": answer.url, "title": answer.source_title, "publisher": answer.publisher, "read": answer.source_read},
        "checked_on": answer.checked.isoformat(), "confidence": answer.confidence, "stale_since": answer.stale_since.isoformat() if answer.stale_since else None,
        "certainty": round(certainty, 3), "article": answer.article, "unit": answer.unit,
    }


def _date(day: dt.date, language: Text) -> Text:
    return str(format_date(day, format="long", locale=language))
