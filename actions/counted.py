"""What is said once points were counted: what if I pass N1, is that enough, why only 10 for age, what proves it, and when permanent residence."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

from babel.numbers import format_decimal
from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.forms import reading
from actions.forms.form import Form, Heard
from actions.forms.hearing import answers_of, heard_in
from actions.forms.showing import shown
from actions.points import FORM, card_of, gains_of, line_of, meaning_of, notices_of, open_of, rows_of, source_of, uncounted
from actions.replies import Part, part, say
from actions.results import SLOT, say_result
from actions.results import shown as last_result
from actions.turn import Turn
from knowledge.analysis import normalised
from knowledge.guides.points import Row, points_table
from knowledge.guides.questionnaire import UNKNOWN, Answers, Question
from knowledge.languages import in_language
from knowledge.numerals import bare_amount, lone_number
from privacy.numbers import redact

WHAT_IF = "points_what_if"  # the intent
PERMANENT = "points-permanent-residence"  # the article
STORY = 3  # kinds of facts about a person in one message about points, with which a count can begin
_VALUES = frozenset({"age", "degree", "jlpt", "money", "duration"})
_MARK = re.compile(r"(?<!\d)([78]0)(?!\d|[.,]\d)")
_LOOSE = 3  # words that a vague question ("what papers do I need for that?") may have beside what it is known by
Events = List[Dict[str, Any]]


def after_count(dispatcher: CollectingDispatcher, turn: Turn) -> Optional[Events]:
    """What a message says about the points that were counted; None where nothing was, or where it is about something else."""
    if FORM.next(answers_of(FORM, turn.slots)) is not None:
        return None
    for reply in (mended, what_if, explained):
        events = reply(dispatcher, turn)
        if events is not None:
            return events
    return None


def counted_already(dispatcher: CollectingDispatcher, turn: Turn) -> Optional[Events]:
    """What a message that looks like the wish to count says about the last count. None where it wants a new one: it says so, tells a story of its
    own, or asks for no more than the points."""
    heard = heard_in(turn)
    if not _fresh(turn) or begun(turn) or reading.matches("restart", heard.text) or FORM.next(answers_of(FORM, turn.slots)) is not None:
        return None
    if supposes(heard) or _continues(turn, heard):
        return what_if(dispatcher, turn)
    asked = any(_says(name, heard) for name in ("why", "need", "gain", "permanent")) or (reading.is_question(heard) and _says("total", heard))
    return explained(dispatcher, turn) if asked else None


def begun(turn: Turn) -> Optional[Events]:
    """The form begins with a message that asks for one's own points by its words, or tells too much about a person for any others."""
    heard = heard_in(turn)
    if heard.tells_danger or not _says("points", heard):
        return None
    told = _VALUES & {one["entity"] for one in heard.entities}
    found = reading.read_all(FORM, heard, {}, words=("type",))
    wished = FORM.wished(heard) and not (_says("besides", heard) or _says("permanent", heard) or reading.matches("supposition", heard.text))
    story = len(told | ({"type"} & set(found))) >= STORY
    return [FollowupAction(FORM.loop)] if wished or story else None


def mended(dispatcher: CollectingDispatcher, turn: Turn) -> Optional[Events]:
    """An answer is taken back after the result ("sorry, it is 7 million"): the whole is counted anew, and the new answer is kept."""
    answers, heard = answers_of(FORM, turn.slots), heard_in(turn)
    if not _fresh(turn) or reading.is_question(heard) or reading.matches("supposition", heard.text):
        return None
    takes_back = reading.matches("correction", heard.text) or _says("added", heard)
    if not takes_back and UNKNOWN not in answers.values():
        return None
    told = replace(heard, text=reading.without_marker(heard.text))
    found = changes(FORM, answers, told if told.text == heard.text else replace(told, entities=_moved(heard, told.text)))
    # What was left open may be told later, without any "sorry".
    if not found or (not takes_back and any(answers.get(name) != UNKNOWN for name in found)):
        return None
    settled = FORM.settled({**answers, **found})
    slots = [SlotSet(name, value) for name, value in FORM.slots(settled).items()]
    if FORM.next(settled) is not None:
        return None
    say(dispatcher, "utter_points_mended", turn.language, changes=_lines(found, turn.language))
    after, kept = say_result(dispatcher, turn, FORM, settled, turn.memory)
    return [*slots, *turn.events(after, **kept)]


def _moved(heard: Heard, text: str) -> Tuple[Mapping[str, Any], ...]:
    cut = len(heard.text) - len(text)
    return tuple({**one, "start": int(one["start"]) - cut, "end": int(one["end"]) - cut} for one in heard.entities if int(one["start"]) >= cut)


# --- what if ---------------------------------------------------------------------------------------------------------------------


def what_if(dispatcher: CollectingDispatcher, turn: Turn) -> Optional[Events]:
    """What if I pass N1, earn 8 million, or apply next year? Counts again with the answers kept, and says the new total beside the one before.

    The words decide, since "and if they raise me to 7 million?" looks like many things to the classifier. None where nothing was counted yet, or
    nothing of it would change: the message is a question like any other.
    """
    answers, heard = answers_of(FORM, turn.slots), heard_in(turn)
    if FORM.next(answers) is not None:
        return None
    if reading.matches("restart", heard.text):
        return [FollowupAction(FORM.loop)]
    supposed = (last_result(turn.slots, FORM) or {}).get("supposed") or {}
    if len(supposed) > 1 and _says("together", heard) and reading.content_words(heard) <= _LOOSE and not changes(FORM, answers, heard):
        return _say_again(dispatcher, turn, answers, supposed)
    if heard.intent != WHAT_IF and not supposes(heard) and not _continues(turn, heard):
        return None
    changed = changes(FORM, answers, heard)
    if changed:
        return _say_again(dispatcher, turn, answers, changed)
    if not said(FORM, answers, heard):
        return None
    say(dispatcher, "utter_points_if_same", turn.language, total=points_table().count(answers).total)
    return turn.events(turn.memory)


def _say_again(dispatcher: CollectingDispatcher, turn: Turn, answers: Answers, changed: Answers) -> Events:
    language, table, kept = turn.language, points_table(), dict(last_result(turn.slots, FORM) or {})
    count = table.count(FORM.settled({**answers, **changed}))
    supposed = {name: value for name, value in (kept.get("supposed") or {}).items() if name not in changed and FORM.question(name)}
    together: List[Part] = []
    if supposed:
        total = table.count(FORM.settled({**answers, **supposed, **changed})).total
        together.append(part("utter_part_points_together", before=_lines(supposed, language), total=total))
    say(
        dispatcher,
        "utter_points_if",
        language,
        card={"points": card_of(count, language)},
        changes=_lines(changed, language),
        total=count.total,
        before=table.count(answers).total,
        rows=rows_of(count, language),
        meaning=meaning_of(count, language),
        together=together,
        notices=notices_of(count, table.source, language, dt.date.today()),
        **source_of(table.source, language),
    )
    shown_now = {SLOT: {**kept, "supposed": {**supposed, **changed}}} if kept else {}
    return turn.events(replace(turn.memory, offered=(), failures=0), **shown_now)


def _lines(answers: Answers, language: str) -> List[Part]:
    asked = [question for question in FORM.questions() if question.id in answers]
    return [line_of(question.label, shown(FORM, question, answers[question.id], language), language) for question in asked]


def supposes(heard: Heard) -> bool:
    """Whether a message supposes something and asks nothing but how many points there would be then; "if I earn 8 million, can my parents come?"
    asks something else."""
    if heard.tells_danger or not reading.matches("supposition", heard.text):
        return False
    return not reading.asks(reading.without("outcome", heard.text))


def _continues(turn: Turn, heard: Heard) -> bool:
    """Whether a message is nothing but another value, soon after a result: "and with N1", "750万は?"."""
    if not _fresh(turn) or reading.is_whole("none", heard.text):
        return False
    text = reading.beside(FORM, heard)
    if text == heard.text and lone_number(text) is None and bare_amount(text) is None:
        return False
    return _only_numbers(text)


def _only_numbers(text: str) -> bool:
    """Whether a text says nothing but numbers, with light words around them ("and with 8?")."""
    return not re.sub(r"[\d.,\s]+", "", points_table().spoken["light"].sub(" ", normalised(text)))


def changes(form: Form, answers: Answers, heard: Heard) -> Dict[str, Any]:
    """What a "what if" changes in the answers. Years ahead add to age and experience; one more bonus is added to those there are, one that is
    denied is taken away; a number alone is an age that somebody turns, or pay."""
    ahead = points_table().years_ahead(heard.text)
    if ahead:
        heard = replace(heard, entities=tuple(one for one in heard.entities if one["entity"] != "duration"))
    ids = tuple(question.id for question in form.questions() if question.id != "type")
    found = {name: value for name, value in reading.read_all(form, heard, answers, ids).items() if name != "type"}
    for name, value in list(found.items()):
        if isinstance(value, list):
            found[name] = [*(answers.get(name) or ()), *(one for one in value if one not in (answers.get(name) or ()))]
    for name in ("age", "career") if ahead else ():
        if isinstance(answers.get(name), (int, float)) and name not in found:
            found[name] = answers[name] + ahead
    found.update({name: value for name, value in _taken_away(form, answers, heard).items() if name not in found})
    if not found and not ahead:
        found = _number_alone(answers, heard)
    return {name: value for name, value in found.items() if value != answers.get(name)}


def _taken_away(form: Form, answers: Answers, heard: Heard) -> Dict[str, Any]:
    found: Dict[str, Any] = {}
    for question in form.questions():
        has, gone = answers.get(question.id), {*(reading.denied(form, question, heard, answers) if question.options else ()), *uncounted(heard)}
        if isinstance(has, list) and set(has) & set(gone):
            found[question.id] = [one for one in has if one not in gone]
        elif question.kind == "choice" and has in gone and any(option.id == reading.NONE for option in question.options):
            found[question.id] = reading.NONE
    return found


def _number_alone(answers: Answers, heard: Heard) -> Dict[str, Any]:
    turning = points_table().says("turning", heard.text)
    if turning and "age" in answers:
        return {"age": int(next(value for value in turning.groupdict().values() if value))}
    value, question = lone_number(heard.text), FORM.question("salary")
    assert question is not None
    if value is None:
        return {}
    # Somebody who says "and 8?" speaks of pay; 20 to 69 may be an age just as well.
    if not (_says("pay", heard) or value != int(value) or (_only_numbers(heard.text) and not 20 <= value < 70)):
        return {}
    amount = bare_amount(f"{value:g}")
    return {"salary": round(amount)} if amount is not None and amount >= (question.low or 0) else {}


def said(form: Form, answers: Answers, heard: Heard) -> bool:
    """Whether a message names answers at all, be they new or those that were counted already."""
    return bool(
        reading.read_all(form, heard, {"type": answers["type"]}, tuple(question.id for question in form.questions() if question.id != "type"))
    )


# --- questions about the count -----------------------------------------------------------------------------------------------------------


def explained(dispatcher: CollectingDispatcher, turn: Turn) -> Optional[Events]:
    """The answer to a question about the count; None when it is about something else."""
    heard, answers = heard_in(turn), answers_of(FORM, turn.slots)
    if heard.tells_danger:
        return None
    asked = _Asked(turn.language, heard, answers, reading.about(FORM, heard), _fresh(turn), _says("points", heard))
    named = {str(one["value"]) for one in heard.entities if one["entity"] == "subject"}
    elsewhere = bool(named) and not any(name.startswith("points-") or name == FORM.about(answers, dt.date.today()) for name in named)
    for kind in _KINDS[: 1 if elsewhere and asked.about is None else None]:
        if kind(dispatcher, asked):
            subject = turn.memory.about(PERMANENT) if kind is _say_permanent else turn.memory
            return turn.events(replace(subject, question=redact(heard.text).text, offered=(), failures=0))
    return None


def _fresh(turn: Turn) -> bool:
    """Whether the conversation is still about the result of the count."""
    last = last_result(turn.slots, FORM)
    subject = turn.memory.subject or ""
    return last is not None and (subject in (last.get("subject"), None, "") or subject.startswith("points-"))


@dataclass(frozen=True)
class _Asked:
    """A question that may be about the count: `about` which question of the form and which option of it; `fresh`: right behind the result;
    `pointed`: it speaks of points."""

    language: str
    heard: Heard
    answers: Answers
    about: Optional[Tuple[str, Optional[str]]]
    fresh: bool
    pointed: bool

    @property
    def of_count(self) -> bool:
        """Whether it can be about the count at all."""
        return self.fresh or self.pointed


def _says(name: str, heard: Heard) -> bool:
    return points_table().says(name, heard.text) is not None


def _mark(heard: Heard) -> Optional[int]:
    found = _MARK.search(normalised(heard.text))
    return int(found.group(1)) if found else None


def _say_permanent(dispatcher: CollectingDispatcher, asked: _Asked) -> bool:
    if not (_says("permanent", asked.heard) and _says("when", asked.heard)) or _says("besides", asked.heard) or not asked.of_count:
        return False
    table, count = points_table(), points_table().count(asked.answers)
    span = next((step.span for step in table.permanent if step.years == count.permanent_years), None)
    own = (
        part("utter_part_points_own_span", total=count.total, span=in_language(span, asked.language))
        if span
        else part("utter_part_points_own_none", total=count.total)
    )
    steps = [part("utter_part_points_permanent", mark=step.points, span=in_language(step.span, asked.language)) for step in table.permanent]
    notices = notices_of(count, table.source, asked.language, dt.date.today())
    say(
        dispatcher, "utter_points_permanent", asked.language, own=own, meaning=[*steps, *notices], **source_of(table.permanent_source, asked.language)
    )
    return True


def _say_proof(dispatcher: CollectingDispatcher, asked: _Asked) -> bool:
    if not _says("evidence", asked.heard) or _says("filing", asked.heard) or not (asked.fresh or (asked.pointed and asked.about)):
        return False
    table, count = points_table(), points_table().count(asked.answers)
    rows = _rows_about(asked.about, count.type)
    if not rows:
        if reading.content_words(asked.heard) > _LOOSE + 1:
            return False
        rows = [one.row for one in count.rows]
    lines = [line_of(row.label, in_language(row.evidence, asked.language), asked.language) for row in rows]
    say(dispatcher, "utter_points_proof", asked.language, rows=lines, **source_of(table.evidence_source, asked.language))
    return bool(lines)


def _say_need(dispatcher: CollectingDispatcher, asked: _Asked) -> bool:
    question = FORM.question(
        asked.about[0] if asked.about else "salary" if _says("pay", asked.heard) else "career" if _says("long", asked.heard) else None
    )
    if not _says("need", asked.heard) or question is None or question.kind not in ("money", "years") or not asked.of_count:
        return False
    table, total = points_table(), points_table().count(asked.answers).total
    mark = _mark(asked.heard) or next((mark for mark in table.marks if total < mark), table.marks[-1])
    found = table.least(question.id, asked.answers, mark)
    label = in_language(question.label, asked.language)
    if total >= mark:
        needed = _total_line(mark)
    elif found is None:
        needed = part("utter_part_points_adds_nothing", label=label, mark=mark)
    else:
        name = "utter_part_points_needed" if found[1] >= mark else "utter_part_points_not_alone"
        needed = part(name, label=label, value=shown(FORM, question, found[0], asked.language), total=found[1], mark=mark)
    gains = gains_of(FORM, asked.answers, asked.language)
    say(dispatcher, "utter_points_need", asked.language, total=total, needed=needed, gains=gains, **source_of(table.source, asked.language))
    return True


def _total_line(mark: int) -> Part:
    return part("utter_part_points_pass", mark=mark)


def _say_why(dispatcher: CollectingDispatcher, asked: _Asked) -> bool:
    if not _says("why", asked.heard) or (not asked.fresh and not (asked.pointed and asked.about)):
        return False
    count = points_table().count(asked.answers)
    rows, question = _rows_about(asked.about, count.type), FORM.question(asked.about[0]) if asked.about else None
    if not rows or question is None:
        return reading.content_words(asked.heard) <= _LOOSE + (2 if asked.pointed else 0) and _say_total(dispatcher, asked)
    points = sum(one.points for one in count.rows if one.row in rows)
    label = rows[0].label if len(rows) == 1 else question.label
    say(
        dispatcher,
        "utter_points_why",
        asked.language,
        label=in_language(label, asked.language),
        points=points,
        answer=shown(FORM, question, asked.answers[question.id], asked.language) if question.id in asked.answers else "–",
        type=in_language(points_table().types[count.type], asked.language),
        steps=[step for row in rows for step in _steps(row, question, asked.answers, asked.language)],
        **source_of(points_table().source, asked.language),
    )
    return True


def _say_gains(dispatcher: CollectingDispatcher, asked: _Asked) -> bool:
    if not _says("gain", asked.heard) or not asked.of_count:
        return False
    count = points_table().count(asked.answers)
    meaning = meaning_of(count, asked.language, _mark(asked.heard))[:1]
    gains = gains_of(FORM, asked.answers, asked.language)
    say(
        dispatcher,
        "utter_points_gains",
        asked.language,
        total=count.total,
        meaning=meaning,
        gains=gains,
        **source_of(points_table().source, asked.language),
    )
    return True


def _say_enough(dispatcher: CollectingDispatcher, asked: _Asked) -> bool:
    if not _says("total", asked.heard) or not asked.of_count or reading.content_words(asked.heard) > 2 * _LOOSE:
        return False
    return _say_total(dispatcher, asked)


def _say_total(dispatcher: CollectingDispatcher, asked: _Asked) -> bool:
    table, count = points_table(), points_table().count(asked.answers)
    say(
        dispatcher,
        "utter_points_total",
        asked.language,
        total=count.total,
        type=in_language(table.types[count.type], asked.language),
        rows=rows_of(count, asked.language),
        meaning=[*open_of(asked.answers, count, asked.language), *meaning_of(count, asked.language, _mark(asked.heard))],
        notices=notices_of(count, table.source, asked.language, dt.date.today()),
        **source_of(table.source, asked.language),
    )
    return True


# What a question can be about, in the order in which it is looked for.
_KINDS: Tuple[Callable[[CollectingDispatcher, _Asked], bool], ...] = (_say_permanent, _say_proof, _say_need, _say_why, _say_gains, _say_enough)


def _rows_about(about: Optional[Tuple[str, Optional[str]]], kind: str) -> List[Row]:
    """The rows of what a question is about; of a question with many rows only that of the option that was named."""
    if about is None:
        return []
    rows = points_table().rows_of(about[0], kind)
    return [row for row in rows if about[1] in row.options] or rows


def _steps(row: Row, question: Question, answers: Answers, language: str) -> List[Part]:
    """What a row gives for which answers, in the person's type; of pay in the band of their age."""
    table = row.tables[answers["type"]]

    def number(value: Any) -> Any:
        return shown(FORM, question, value, language)

    if "options" in table:
        labels = {option.id: in_language(option.label, language) for option in question.options}
        return [part("utter_part_points_step", label=labels[name], points=points) for name, points in table["options"].items()]
    if "under" in table:
        steps = [part("utter_part_points_under", value=number(limit), points=points) for limit, points in table["under"]]
        return [*steps, part("utter_part_points_rest")]
    if "from" in table:
        return [part("utter_part_points_least", value=number(least), points=points) for least, points in table["from"]]
    if "by_age" in table:
        bands, age = table["by_age"], answers.get("age")
        band = next((place for place, limit in enumerate(bands["under"]) if isinstance(age, (int, float)) and age < limit), len(bands["under"]))
        steps = [part("utter_part_points_least", value=number(least), points=points[band]) for least, points in bands["from"] if points[band]]
        known = part("utter_part_age", number=format_decimal(age, locale=language)) if isinstance(age, (int, float)) else None
        return [*steps, *([part("utter_part_points_at_age", age=known)] if known else [])]
    if "count" in table:
        counts = enumerate(table["count"], 1)
        return [part("utter_part_points_step", label=f"{in_language(row.label, language)} × {times}", points=points) for times, points in counts]
    return [part("utter_part_points_step", label=in_language(row.label, language), points=table["flat"])]
