"""Counts the days by which something has to be done: "my visa expires on 3 March", 11月5日に引っ越しました. No day is kept after the answer."""

from __future__ import annotations

import datetime as dt
import os
from functools import lru_cache
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from babel.dates import format_date
from babel.lists import format_list
from rasa_sdk.executor import CollectingDispatcher

from actions.counter import counter
from actions.forms import reading
from actions.forms.form import Form, Heard, Say
from actions.forms.hearing import heard_before, heard_in
from actions.replies import Part, part
from actions.results import just_shown, shown
from actions.turn import Turn
from knowledge.articles import Source, Unit
from knowledge.guides.deadlines import Deadline, Kind, article_of, calendar_address, deadlines_of, rules
from knowledge.guides.happenings import (
    Dated,
    Happening,
    another_day,
    asks_days,
    days_of,
    find_happenings,
    is_off,
    supposes,
    wants_again,
    wants_all,
    wants_days,
    wishes_count,
)
from knowledge.guides.questionnaire import Answers, Option, Question
from knowledge.languages import in_language, languages

WHAT = "what"  # the question whose answer holds everything: {kind: day in ISO, the two days that it can mean, or None}
MOST_WORDS = 4  # beside a day, in a message that does no more than name another day
FEW_WORDS = 1  # the same, where no list of days was shown
_TOLD_JUST_NOW = 3  # messages
_DEADLINE = "deadline"  # the aspect (content/aspects.yaml) that the list covers
_READ_AGAIN = 40  # messages; a conversation may have hundreds
Told = Dict[str, Any]  # kind → its day in ISO, the two days that it can mean, or None
_LINES = {"from": "utter_part_deadline_from", "by": "utter_part_deadline_by", "until": "utter_part_deadline_until"}


class DeadlinesForm(Form):
    """Asks what happens, and then for each the day that was not said with it. The answers are dropped with the result."""

    name = "deadlines"
    told_first = True

    def questions(self) -> Sequence[Question]:
        """What happens, and the day of each kind."""
        return _questions()

    def intro(self) -> Optional[str]:
        """What becomes of the days that the person tells."""
        return "utter_deadlines_intro"

    def read(self, question: Question, heard: Heard, answers: Answers) -> Any:
        """What a message says has happened, and when; or the day alone, when it was asked for."""
        today, dates = dt.date.today(), _dates(heard)
        found = find_happenings(heard.text, heard.language, dates, rules(), today)
        if question.id == WHAT:
            if not found and heard.asked:
                found = find_happenings(heard.text, heard.language, dates, rules(), today, asked=True)
            told = {one.kind.id: _plain(one.days) for one in found if one.kind.id not in answers and (one.days or one.kind.id not in _told(answers))}
            return {**_told(answers), **told} if told else None
        days = next((one.days for one in found if one.kind.id == question.id), ())
        asked = self.next(answers)
        if not found and asked and asked.id == question.id:
            days = days_of(heard.text, heard.language, rules().kinds[question.id], dates, rules(), today)
        return _plain(days)

    def wished(self, heard: Heard) -> bool:
        """A message that tells what happens on which day, and asks what follows."""
        return wants_days(heard.text, heard.language, _dates(heard), rules(), dt.date.today())

    def insists(self, heard: Heard) -> bool:
        """Words that ask for days or duties: "by when", いつまでに."""
        return asks_days(heard.text, heard.language, rules())

    def says(self, unit: Unit) -> bool:
        """The deadlines of something, and what opens an article about it."""
        library = counter().library
        form = library.forms.get(self.name)
        own = {*(form.articles if form else ()), *(kind.article for kind in rules().kinds.values())}
        opens = library.articles[unit.article].units[0].key == unit.key
        return unit.article in own and (opens or unit.aspect == _DEADLINE)

    def grave(self, answers: Answers, day: dt.date) -> Optional[str]:
        """What is to be done when a day has passed whose passing is grave."""
        return next((kind.late_unit for kind, said in _happened(answers) if any(one.urgent(day) for one in deadlines_of(kind, said, rules()))), None)

    def options(self, question: Question, answers: Answers) -> Tuple[Option, ...]:
        """The kinds to tap; or, of a day that can be read in two ways, both."""
        if question.id == WHAT:
            return tuple(Option(kind.id, kind.label) for kind in rules().kinds.values() if kind.offered)
        days = _told(answers).get(question.id)
        return tuple(Option(day, {code: _date(day, code) for code in languages()}) for day in days) if isinstance(days, list) else ()

    def show(self, question: Question, value: Any, language: str) -> Optional[str]:
        """What was understood, in words."""
        if question.id != WHAT:
            return _days(value, language)
        told = value if isinstance(value, dict) else {value: None}
        kinds = rules().kinds
        shown = [in_language(kinds[kind].label, language) + (f" ({_days(day, language)})" if day else "") for kind, day in told.items()]
        return str(format_list(shown, "unit", language))

    def settled(self, answers: Dict[str, Any]) -> Dict[str, Any]:
        """Everything told so far, in the one answer that holds it."""
        told = answers.get(WHAT) or {}
        told = {told: None} if isinstance(told, str) else dict(told)
        told.update({kind: day for kind, day in answers.items() if kind != WHAT})
        return {WHAT: told} if told else {}

    def next(self, answers: Answers) -> Optional[Question]:
        """What happens; then the first day that is not clear."""
        told = _told(answers)
        if not told:
            return self.question(WHAT)
        return next((self.question(kind) for kind, day in told.items() if rules().kinds[kind].rules and not isinstance(day, str)), None)

    def about(self, answers: Answers, day: dt.date) -> Optional[str]:
        """The article about what has to be done first."""
        found = [one for kind, said in _happened(answers) for one in _counting_now(kind, said, day)]
        return article_of(found, day) or next((rules().kinds[kind].article for kind in _told(answers)), None)

    def remembers(self, answers: Answers) -> Dict[str, Any]:
        """The kinds; no day."""
        return {"kinds": list(_told(answers))}

    def finish(self, answers: Answers, language: str, day: dt.date) -> List[Say]:
        """The days that count, in one list, with what to do when one of them is over."""
        happened = _happened(answers)
        notes = [kind for kind in (rules().kinds[one] for one in _told(answers)) if kind.note]
        found = [one for kind, said in happened for one in _counting_now(kind, said, day)]
        says = [Say("utter_deadlines_urgent")] if any(one.urgent(day) for one in found) else []
        calendar = calendar_address(happened, language) if any(one.day >= day for one in found) else None
        fields = {
            "items": _lines(happened, notes, language, day),
            "counting": _counting(found, language),
            "notices": [part("utter_part_confirm")] if any(one.rule.confidence != "high" for one in found) else [],
            "calendar": _link(calendar),
            "sources": [_source_line(source, language) for source in _sources(found, notes)],
        }
        return [*says, Say("utter_deadlines", fields, card=_card(found, language, day, calendar) if found else None)]


FORM = DeadlinesForm()


def urgent(dispatcher: CollectingDispatcher) -> bool:
    """Whether a day has passed whose passing is grave, as has just been said: then a person is offered."""
    return any(message.get("response") == "utter_deadlines_urgent" for message in dispatcher.messages)


def wished_for(turn: Turn) -> bool:
    """Whether somebody who has talked about nothing yet wants to know what has to be done by when (期限, "what do I have to do by when?")."""
    return turn.memory.subject is None and wants_all(turn.asked.text, rules())


def mended(turn: Turn) -> Optional[Dict[str, Any]]:
    """The answers of a message that changes what was counted last: another day ("sorry, it was 10 days ago", 妻のカードは1月22日です, "two weeks
    later", "2027, not 2028"), one that is supposed ("and if it's the 25th?"), or that something will not happen after all; else None.

    Of the last list only its kinds are remembered. Their days are read again in the messages of this conversation; where they cannot be found
    there, they are asked for.
    """
    heard = heard_in(turn)
    last = shown(turn.slots, FORM) or {}
    kinds = [kind for kind in last.get("kinds", ()) if kind in rules().kinds and rules().kinds[kind].rules]
    about = next((found for subject in (turn.memory.subject, *turn.memory.earlier) if (found := _kinds_of(subject))), [])
    if not kinds and wishes_count(heard.text, rules()):
        told_now = {one.kind.id for one in _found(heard)}
        said = {} if told_now else _said_before(turn, _TOLD_JUST_NOW)
        return {WHAT: said} if said else None
    again = bool(kinds) and wants_again(heard.text, rules())
    if not (kinds or about or heard.values("date")) or (reading.asks(heard.text) and not (again or supposes(heard.text, rules()))):
        return None
    said = _said_before(turn)
    if not kinds or (set(about) & set(said) and not set(about) & set(kinds)):
        return _of_subject(about, heard, said)
    told = {kind: said.get(kind) for kind in kinds}
    supposed = supposes(heard.text, rules())
    more = {one.kind.id: _plain(one.days) for one in (_hinted(heard) if supposed else _found(heard)) if one.days and one.kind.id not in told}
    if more and (supposed or just_shown(turn.slots, FORM)):  # something else happens too
        return {WHAT: {**{kind: day for kind, day in told.items() if isinstance(day, str)}, **more}}
    if again:
        return {WHAT: told}
    changed = _changed(told, heard, led=just_shown(turn.slots, FORM))
    return None if changed is None else {WHAT: changed}


def _kinds_of(article: Optional[str]) -> List[str]:
    """What has deadlines and is read about in an article."""
    return [kind.id for kind in rules().kinds.values() if kind.rules and article in (kind.article, kind.late_article)] if article else []


def _of_subject(about: Sequence[str], heard: Heard, said: Told) -> Optional[Dict[str, Any]]:
    """The day of what was talked about without a list: the thing that was told of, else the only one that the article is about, or that waits for
    its day ("my baby is born!" – "yesterday")."""
    kinds = [kind for kind in about if kind in said] or about or [kind for kind, day in said.items() if day is None]
    if len(kinds) != 1:
        return None
    changed = _changed({kinds[0]: said.get(kinds[0])}, heard, led=True, most=FEW_WORDS)
    return {WHAT: changed} if changed and all(changed.values()) else None


def _said_before(turn: Turn, most: int = _READ_AGAIN) -> Told:
    """What was told in the last messages, with the day as it was said last. Read anew each time: no day is kept."""
    told: Told = {}
    for heard in heard_before(turn, most):
        found = {one.kind.id: _plain(one.days) for one in _hinted(heard, FEW_WORDS)}
        waiting = next((kind for kind, day in told.items() if not isinstance(day, str)), None)
        changed = None if found.keys() - told.keys() else _changed({waiting: told[waiting]} if waiting else told, heard, led=True)
        told.update(changed if changed is not None else {kind: day for kind, day in found.items() if day or kind not in told})
    return told


def _tells_without_rules(heard: Heard) -> bool:
    """Whether a message tells of something from which no deadline follows."""
    return any(not one.kind.rules for one in find_happenings(heard.text, heard.language, _dates(heard), rules(), dt.date.today(), silent=True))


def _hinted(heard: Heard, most: int = MOST_WORDS) -> List[Happening]:
    """What a message tells; one of at most so many words may only hint at it ("and if I find something new starting on 12 January?")."""
    return _found(heard) or (_found(heard, asked=True) if reading.content_words(heard) <= most else [])


def _found(heard: Heard, asked: bool = False) -> List[Happening]:
    return [one for one in find_happenings(heard.text, heard.language, _dates(heard), rules(), dt.date.today(), asked) if one.kind.rules]


def _changed(told: Told, heard: Heard, led: bool, most: int = MOST_WORDS) -> Optional[Told]:
    """What was told, as a message changes it; None when the message does something else. A day that does not follow from it is None: it is asked for.

    `led`: whether the message comes right behind what was told, so that it needs no word that says that it mends something, nor a name. Of several
    things the one that is meant has to be named: nobody's deadline is guessed from another one's date. `most`: words that a message without a name
    may hold beside the day.
    """
    supposed = supposes(heard.text, rules())
    if reading.asks(heard.text) and not supposed:
        return None
    if _tells_without_rules(heard):
        return None  # "my passport expires in June" mends no other day
    off = is_off(heard.text, rules())
    found = _hinted(heard)
    named = [one.kind.id for one in found if one.kind.id in told or not off]
    if set(named) - set(told) or not (led or named or supposed or reading.matches("correction", heard.text)):
        return None
    if named and off:
        return {kind: day for kind, day in told.items() if kind not in named} or None
    if len(named) > 1:
        days = {one.kind.id: _plain(one.days) for one in found if one.days}
        return {**told, **days} if days else None
    if len(named or told) != 1 or (not named and reading.content_words(heard) > most):
        return None
    (kind,) = named or told
    before = dt.date.fromisoformat(told[kind]) if isinstance(told[kind], str) else None
    new = another_day(heard.text, heard.language, rules().kinds[kind], _dates(heard), rules(), dt.date.today(), before)
    return None if new is None else {**told, kind: _plain(new)}


# --- questions and answers -------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _questions() -> Tuple[Question, ...]:
    words = rules().words
    # Kind `choice`: nothing but this form's own reading may answer them; a day of one thing must never be taken for that of another.
    days = [Question(kind.id, "choice", kind.ask, kind.label, words["day_hint"]) for kind in rules().kinds.values() if kind.rules]
    return (Question(WHAT, "choice", words["ask"], words["label"], words["hint"], entity="date"), *days)


def _told(answers: Answers) -> Mapping[str, Any]:
    found: Mapping[str, Any] = answers.get(WHAT) or {}
    return found


def _happened(answers: Answers) -> List[Tuple[Kind, dt.date]]:
    """The kinds whose day is clear, and the day."""
    return [(rules().kinds[kind], dt.date.fromisoformat(said)) for kind, said in _told(answers).items() if isinstance(said, str)]


def _dates(heard: Heard) -> List[Dated]:
    found = []
    for one in heard.entities:
        if one["entity"] == "date":
            first, _, last = str(one["value"]).partition("/")
            found.append(Dated(dt.date.fromisoformat(first), dt.date.fromisoformat(last or first), int(one["start"]), int(one["end"])))
    return found


def _plain(days: Sequence[dt.date]) -> Any:
    """One day as text, two as a list, none as None."""
    texts = [day.isoformat() for day in days]
    return texts[0] if len(texts) == 1 else texts or None


# --- words -----------------------------------------------------------------------------------------------------------------


def _counting_now(kind: Kind, said: dt.date, today: dt.date) -> List[Deadline]:
    """The deadlines of a day; when the last day is over, nobody needs to hear when one could have begun."""
    found = deadlines_of(kind, said, rules())
    over = any(one.rule.role == "by" and one.over(today) for one in found)
    return [one for one in found if not (over and one.rule.role == "from")]


def _lines(happened: Sequence[Tuple[Kind, dt.date]], notes: Sequence[Kind], language: str, today: dt.date) -> List[Part]:
    lines = []
    for kind, said in happened:
        lines.append(part("utter_part_deadlines_said", what=in_language(kind.label, language), date=_date(said, language)))
        lines += [_line(one, language, today) for one in _counting_now(kind, said, today)]
    lines += [part("utter_part_deadlines_note", what=in_language(kind.label, language), text=in_language(kind.note, language)) for kind in notes]
    return lines


def _line(one: Deadline, language: str, today: dt.date) -> Part:
    rule = one.rule
    fields: Dict[str, Any] = {"date": _date(one.day, language, "full"), "title": in_language(rule.title, language)}
    fields["who"] = [part("utter_part_deadline_who", who=in_language(rule.who, language))] if rule.who else []
    if one.over(today) and rule.late:
        return part("utter_part_deadline_over", late=in_language(rule.late, language), **fields)
    closed = one.open_day if one.open_day and not one.over(today) else None
    fields["closed"] = [part("utter_part_deadline_closed", date=_date(closed, language, "full"))] if closed else []
    return part(_LINES[rule.role], why=in_language(rule.why, language), **fields)


def _counting(found: Sequence[Deadline], language: str) -> List[Part]:
    used = dict.fromkeys(one.rule.counting for one in found if one.day != one.said)
    return [part("utter_part_deadlines_counting", text=in_language(rules().counting[name].text, language)) for name in used]


def _link(calendar: Optional[str]) -> List[Part]:
    """The address of the reminders in full, for channels that show the text alone; where the public address is not known the card has it."""
    public = os.environ.get("MADOGUCHI_PUBLIC_URL", "").rstrip("/")
    return [part("utter_part_deadlines_calendar", url=public + calendar)] if public and calendar else []


def _sources(found: Sequence[Deadline], notes: Sequence[Kind]) -> List[Source]:
    sources = [one.rule.source for one in found] + [kind.note_source for kind in notes if kind.note_source]
    sources += [rules().counting[one.rule.counting].source for one in found if one.day != one.said]
    return list({source.key: source for source in sources}.values())


def _source_line(source: Source, language: str) -> Part:
    checked = "utter_part_checked_read" if source.seen == "read" else "utter_part_deadlines_cited"
    return part(
        "utter_part_deadlines_source",
        publisher=in_language(source.publisher, language),
        source_title=in_language(source.title, language),
        url=source.url,
        checked=part(checked, date=_date(source.checked, language)),
    )


def _card(found: Sequence[Deadline], language: str, today: dt.date, calendar: Optional[str]) -> Dict[str, Any]:
    source = found[0].rule.source
    return {
        "deadlines": {
            "title": in_language(rules().words["title"], language),
            "language": language,
            "items": [_item(one, language, today) for one in sorted(found, key=lambda one: one.day)],
            "calendar": calendar,
            "source": {
                "publisher": in_language(source.publisher, language),
                "title": in_language(source.title, language),
                "url": source.url,
                "checked_on": source.checked.isoformat(),
            },
        }
    }


def _item(one: Deadline, language: str, today: dt.date) -> Dict[str, Any]:
    rule, over = one.rule, one.over(today)
    said = [rule.late if over and rule.late else rule.why, rule.who]
    why = "\n".join(in_language(texts, language) for texts in said if texts)
    return {"date": one.day.isoformat(), "title": in_language(rule.title, language), "why": why, "role": rule.role, "over": over}


def _days(value: Any, language: str) -> str:
    days = value if isinstance(value, list) else [value]
    return str(format_list([_date(day, language) for day in days], "or", language))


def _date(day: Any, language: str, form: str = "long") -> str:
    found = day if isinstance(day, dt.date) else dt.date.fromisoformat(day)
    return str(format_date(found, format=form, locale=language))
