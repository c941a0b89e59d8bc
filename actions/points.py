"""Counts the points of Highly Skilled Professional step by step, and again for "what if I pass N1?". It never promises anything."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any, Dict, List, Optional, Sequence

from babel.dates import format_date
from babel.numbers import format_decimal
from rasa_sdk.events import FollowupAction
from rasa_sdk.executor import CollectingDispatcher

from actions.forms import reading
from actions.forms.form import Form, Heard, Say
from actions.forms.hearing import answers_of, heard_in
from actions.forms.showing import shown
from actions.forms.talk import SURE_INTENT
from actions.replies import Part, part, say
from actions.turn import Turn
from knowledge.guides.points import Count, PointsSource, points_table
from knowledge.guides.questionnaire import Answers, Question
from knowledge.languages import in_language

WHAT_IF = "points_what_if"  # the intent
_MORE_URGENT = frozenset({"report_danger"})  # intents that are no supposition, whatever the words
MOST_GAINS = 6  # changes that are named; more are not read
_UNCOUNTED_DEGREES = frozenset({"senmon", "high_school", "none"})
_UNCOUNTED_LEVELS = frozenset({"N3", "N4", "N5"})


class PointsForm(Form):
    """The questions of the points table."""

    name = "points"
    keeps = True

    def questions(self) -> Sequence[Question]:
        """Those of points.yaml."""
        return points_table().questions

    def intro(self) -> Optional[str]:
        """What it does, and that it decides nothing."""
        return "utter_points_intro"

    def read(self, question: Question, heard: Heard, answers: Answers) -> Any:
        """Of several degrees the one with the most points counts; a degree or level that gives none is an answer too."""
        if question.id == "degree":
            found = reading.chosen(self, question, heard, answers)
            kind = answers.get("type", "b")
            if found:
                return max(found, key=lambda one: points_table().count({"type": kind, "degree": one}).total)
            return "none" if _UNCOUNTED_DEGREES & set(heard.values("degree")) else None
        if question.id == "japanese":
            found = reading.chosen(self, question, heard, answers)
            if found:
                return found[0]  # the options stand in the order of their points
            return "none" if _UNCOUNTED_LEVELS & set(heard.values("jlpt")) else None
        return None

    def finish(self, answers: Answers, language: str, day: dt.date) -> List[Say]:
        """The total, its rows, what it means, the evidence, and what would add points."""
        table, count = points_table(), points_table().count(answers)
        first = Say(
            "utter_points_result",
            {
                "type": in_language(table.types[count.type], language),
                "total": count.total,
                "rows": _rows(count, language),
                "meaning": _meaning(count, language),
            },
            card={"points": _card(count, language)},
        )
        evidence = Say(
            "utter_points_evidence",
            {
                "rows": [_line(one.row.label, in_language(one.row.evidence, language), language) for one in count.rows],
                **_source(table.evidence_source, language),
            },
        )
        more = Say(
            "utter_points_more",
            {
                "gains": _gains(self, answers, language),
                "notices": _notices(count, table.source, language, day),
                "more_source": part("utter_part_points_source", **_source(table.permanent_source, language)),
                **_source(table.source, language),
            },
        )
        return [first, *([evidence] if count.rows else []), more]


FORM = PointsForm()


# --- what if ---------------------------------------------------------------------------------------------------------------------


def what_if(dispatcher: CollectingDispatcher, turn: Turn) -> Optional[List[Dict[str, Any]]]:
    """What if I pass N1, earn 8 million, or apply next year? Counts again with the answers kept, and says the new total beside the one before.

    The words decide, since "and if they raise me to 7 million?" looks like many things to the classifier. None where nothing was counted yet, or
    nothing of it would change: the message is a question like any other.
    """
    answers, heard, table = answers_of(FORM, turn.slots), heard_in(turn), points_table()
    if FORM.next(answers) is not None:
        return None
    if reading.matches("restart", heard.text):
        return [FollowupAction(FORM.loop)]
    if heard.intent != WHAT_IF and not supposes(heard):
        return None
    changed = changes(FORM, answers, heard)
    before = table.count(answers)
    if changed:
        _say_again(dispatcher, turn, changed, before, table.count(FORM.settled({**answers, **changed})))
    elif said(FORM, answers, heard):
        say(dispatcher, "utter_points_if_same", turn.language, total=before.total)
    else:
        return None
    return turn.events(replace(turn.memory, offered=(), failures=0) if changed else turn.memory)


def _say_again(dispatcher: CollectingDispatcher, turn: Turn, changed: Answers, before: Count, count: Count) -> None:
    language = turn.language
    say(
        dispatcher,
        "utter_points_if",
        language,
        card={"points": _card(count, language)},
        changes=[
            _line(question.label, shown(FORM, question, changed[question.id], language), language)
            for question in FORM.questions()
            if question.id in changed
        ],
        total=count.total,
        before=before.total,
        rows=_rows(count, language),
        meaning=_meaning(count, language),
        notices=_notices(count, points_table().source, language, dt.date.today()),
        **_source(points_table().source, language),
    )


def supposes(heard: Heard) -> bool:
    """Whether a message supposes something and asks nothing but how many points there would be then; "if I earn 8 million, can my parents come?"
    asks something else."""
    urgent = heard.intent in _MORE_URGENT and heard.confidence >= SURE_INTENT
    if urgent or not reading.matches("supposition", heard.text):
        return False
    return not reading.asks(reading.without("outcome", heard.text))


def changes(form: Form, answers: Answers, heard: Heard) -> Dict[str, Any]:
    """What a "what if" changes in the answers. Years ahead add to age and experience; one more bonus is added to those there are."""
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
    return {name: value for name, value in found.items() if value != answers.get(name)}


def said(form: Form, answers: Answers, heard: Heard) -> bool:
    """Whether a message names answers at all, be they new or those that were counted already."""
    return bool(
        reading.read_all(form, heard, {"type": answers["type"]}, tuple(question.id for question in form.questions() if question.id != "type"))
    )


# --- words ---------------------------------------------------------------------------------------------------------------------


def _line(label: Any, value: Any, language: str) -> Part:
    return part("utter_part_points_line", label=in_language(label, language), value=value)


def _rows(count: Count, language: str) -> List[Part]:
    rows = [_line(one.row.label, one.points, language) for one in count.rows]
    return rows + [
        part("utter_part_points_left_out", label=in_language(one.row.label, language), because=in_language(one.because.label, language))
        for one in count.left_out
    ]


def _meaning(count: Count, language: str) -> List[Part]:
    table = points_table()
    lines: List[Part] = []
    if count.least_salary is not None:
        lines.append(part("utter_part_points_floor", least=format_decimal(count.least_salary, locale=language)))
    if count.passes:
        lines.append(part("utter_part_points_pass", mark=table.pass_mark))
    elif count.total < table.pass_mark:
        lines.append(part("utter_part_points_short", mark=table.pass_mark, missing=table.pass_mark - count.total))
    lines += [part("utter_part_points_permanent", mark=step.points, span=in_language(step.span, language)) for step in table.permanent]
    if count.special:
        lines.append(part("utter_part_points_special", url=table.special_source.url))
    return lines


def _gains(form: Form, answers: Answers, language: str) -> List[Part]:
    lines: List[Part] = []
    for gain in points_table().best_gains(answers)[:MOST_GAINS]:
        answer = gain.answer[-1:] if isinstance(gain.answer, list) else gain.answer
        reached = part("utter_part_points_reaches", mark=gain.mark) if gain.mark else ""
        value = shown(form, gain.question, answer, language)
        lines.append(
            part("utter_part_points_gain", label=in_language(gain.question.label, language), value=value, points=gain.points, reached=reached)
        )
    return lines or [part("utter_part_points_no_gain")]


def _notices(count: Count, source: PointsSource, language: str, day: dt.date) -> List[Part]:
    lines = [part("utter_part_confirm")] if any(one.row.confidence != "high" for one in count.rows) or source.confidence != "high" else []
    if source.review_by and source.review_by < day:
        lines.append(part("utter_part_stale", date=_date(source.review_by, language)))
    return [*lines, part("utter_part_points_decides")]


def _source(source: PointsSource, language: str) -> Dict[str, Any]:
    checked = part("utter_part_checked_read" if source.seen == "read" else "utter_part_checked_cited", date=_date(source.checked, language))
    title, publisher = in_language(source.title, language), in_language(source.publisher, language)
    return {"publisher": publisher, "source_title": title, "url": source.url, "checked": checked}


def _date(day: dt.date, language: str) -> str:
    return str(format_date(day, format="long", locale=language))


def _card(count: Count, language: str) -> Dict[str, Any]:
    """The structured form of a count."""
    table = points_table()
    return {
        "title": in_language(table.types[count.type], language),
        "language": language,
        "total": count.total,
        "passes": count.passes,
        "rows": [
            {"label": in_language(one.row.label, language), "points": one.points, "evidence": in_language(one.row.evidence, language)}
            for one in count.rows
        ],
        "source": {
            "publisher": in_language(table.source.publisher, language),
            "title": in_language(table.source.title, language),
            "url": table.source.url,
            "checked_on": table.source.checked.isoformat(),
        },
    }
