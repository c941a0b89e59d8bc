"""Counts the points of Highly Skilled Professional step by step. It never promises anything."""

from __future__ import annotations

import datetime as dt
from typing import AbstractSet, Any, Dict, FrozenSet, List, Optional, Sequence

from babel.dates import format_date
from babel.numbers import format_decimal

from actions.forms import reading
from actions.forms.form import Form, Heard, Say
from actions.forms.showing import shown
from actions.replies import Part, part
from knowledge.articles import Unit
from knowledge.guides.points import Count, PointsSource, points_table
from knowledge.guides.questionnaire import UNKNOWN, Answers, Question
from knowledge.languages import in_language
from knowledge.numerals import amounts as amounts_in

MONTHS = 12
MOST_GAINS = 6  # changes that are named; more are not read
_OFFICE = "bac"  # types of work; of several that a message names, the last here decides: "I run my own trading firm", "research engineer"
_UNCOUNTED_DEGREES = frozenset({"senmon", "high_school", "none"})
_FROM_THREE = frozenset({"papers", "grants"})  # achievements of which it takes three
_UNCOUNTED_LEVELS = frozenset({"N3", "N4", "N5"})


_DETAILS = frozenset(
    f"points-{name}" for name in "education career salary age research position bonus bonus-employer permanent-residence parents-and-helpers".split()
)


_OWN = frozenset({"points-system#my-case", "points-system#how-points"})  # what the form does, and how it counts
_NOT_ENOUGH = "points-system#not-enough"
# Where it stands what one thing gives, by the question that asks for it.
_TABLES = {
    "degree": "points-education#table-education",
    "career": "points-career#table-career",
    "salary": "points-salary#table-salary",
    "age": "points-age#table-age",
    "research": "points-research#table-research",
    "japanese": "points-bonus#japanese-bonus",
}


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

    def so_far(self, answers: Answers, language: str) -> Optional[Say]:
        """The points that what was told gives by itself; counted as expert work where the kind of work is not told."""
        table, known = points_table(), {"type": _OFFICE[0], "salary": UNKNOWN, **answers}
        count = table.count(known)
        if not count.rows:
            return None
        missing = part("utter_part_points_so_far_short", mark=table.pass_mark, missing=table.pass_mark - count.total)
        fields = {
            "type": in_language(table.types[count.type], language),
            "total": count.total,
            "rows": rows_of(count, language),
            "meaning": [
                part("utter_part_points_pass", mark=table.pass_mark) if count.total >= table.pass_mark else missing,
                *_open_floor(known, count, language),
                *_missed_floor(count, language),
            ],
            **source_of(table.source, language),
        }
        return Say("utter_points_so_far", fields)

    def read(self, question: Question, heard: Heard, answers: Answers) -> Any:
        """Of several kinds of work the more special counts,
        of several degrees the one with the most points counts; a degree or level that gives none is an answer too."""
        if question.id == "type":
            found = reading.chosen(self, question, heard, answers)
            return max(found, key=_OFFICE.index) if found else None
        if question.id == "degree":
            found = reading.chosen(self, question, heard, answers)
            kind = answers.get("type", "b")
            if found:
                return max(found, key=lambda one: points_table().count({"type": kind, "degree": one}).total)
            return "none" if _UNCOUNTED_DEGREES & set(heard.values("degree")) else None
        if question.id == "salary":
            return _with_bonus(heard, answers)
        if question.id == "research" and uncounted(heard):
            return [one for one in reading.chosen(self, question, heard, answers) if one not in uncounted(heard)]
        if question.id == "japanese":
            found = reading.chosen(self, question, heard, answers)
            if found:
                return found[0]  # the options stand in the order of their points
            return "none" if _UNCOUNTED_LEVELS & set(heard.values("jlpt")) else None
        return None

    def wished(self, heard: Heard) -> bool:
        """Words that ask for one's own points, or for how many there are for several things at once ("PhD and 7 million, how many points?")."""
        table = points_table()
        asks = table.says("worth", heard.text) or table.says("total", heard.text)
        return table.says("wish", heard.text) is not None or (asks is not None and len(self._rows_told(heard)) > 1)

    def _rows_told(self, heard: Heard) -> List[str]:
        return [name for name in reading.told(self, heard) if name in _TABLES]

    def told_by(self, heard: Heard) -> Optional[str]:
        """Who has counted already and misses some is told what adds points; who asks what one thing gives, the table of that thing."""
        table, told = points_table(), self._rows_told(heard)
        if len(told) <= 1 and table.says("short", heard.text):
            return _NOT_ENOUGH
        return _TABLES[told[0]] if len(told) == 1 and table.says("worth", heard.text) else None

    def says(self, unit: Unit) -> bool:
        """How many points somebody has."""
        return unit.key in _OWN

    def details(self) -> AbstractSet[str]:
        """The articles about single rows of the table, and what the points are good for."""
        return _DETAILS

    def about(self, answers: Answers, day: dt.date) -> Optional[str]:
        """The status that the points are for."""
        return "status-hsp-1"

    def topic(self, answers: Answers) -> Optional[str]:
        """The table itself: "what is the difference between b and c?" asks about it."""
        return "points-system"

    def finish(self, answers: Answers, language: str, day: dt.date) -> List[Say]:
        """The total, its rows, what it means, the evidence, and what would add points."""
        table, count = points_table(), points_table().count(answers)
        first = Say(
            "utter_points_result",
            {
                "type": in_language(table.types[count.type], language),
                "total": count.total,
                "rows": rows_of(count, language),
                "meaning": [*open_of(answers, count, language), *meaning_of(count, language)],
            },
            card={"points": card_of(count, language)},
        )
        evidence = Say(
            "utter_points_evidence",
            {
                "rows": [line_of(one.row.label, in_language(one.row.evidence, language), language) for one in count.rows],
                **source_of(table.evidence_source, language),
            },
        )
        more = Say(
            "utter_points_more",
            {
                "gains": gains_of(self, answers, language),
                "notices": notices_of(count, table.source, language, day),
                "more_source": part("utter_part_points_source", **source_of(table.permanent_source, language)),
                **source_of(table.source, language),
            },
        )
        return [first, *([evidence] if count.rows else []), more]


FORM = PointsForm()


def uncounted(heard: Heard) -> FrozenSet[str]:
    """The achievements that a message names and that are too few to count ("only one paper")."""
    return _FROM_THREE if points_table().says("too_few", heard.text) else frozenset()


def _with_bonus(heard: Heard, answers: Answers) -> Optional[int]:
    """A yearly pay that is told in pieces: so much a month and a bonus ("450,000 a month, 2 months bonus"), or a bonus on top of the pay told
    before; None where it is told in one."""
    table, amounts = points_table(), [one for one in heard.entities if one["entity"] == "money" and one.get("per") != "hour"]
    months, monthly = table.says("months", heard.text), [one["value"] for one in amounts if one.get("per") == "month"]
    if months and (monthly or isinstance(answers.get("salary"), int)):
        extra = float(next(value for value in months.groupdict().values() if value))
        return round(monthly[0] * (MONTHS + extra) if monthly else answers["salary"] * (1 + extra / MONTHS))
    if not table.says("adding", heard.text) or table.says("within", heard.text) or not amounts:
        return None
    yearly = [round(one["value"] * (MONTHS if one.get("per") == "month" else 1)) for one in amounts]
    if len(yearly) == 1 and isinstance(answers.get("salary"), int) and yearly[0] < answers["salary"] and reading.named(FORM, heard) is None:
        return int(answers["salary"] + yearly[0])
    told = yearly if len(yearly) == 2 or monthly else [round(one) for one in amounts_in(heard.text)]
    return sum(told) if len(told) == 2 else None


# --- words ---------------------------------------------------------------------------------------------------------------------


def line_of(label: Any, value: Any, language: str) -> Part:
    """A label and its value."""
    return part("utter_part_points_line", label=in_language(label, language), value=value)


def rows_of(count: Count, language: str) -> List[Part]:
    """The rows that give points, and those left out."""
    rows = [line_of(one.row.label, one.points, language) for one in count.rows]
    return rows + [
        part("utter_part_points_left_out", label=in_language(one.row.label, language), because=in_language(one.because.label, language))
        for one in count.left_out
    ]


def open_of(answers: Answers, count: Count, language: str) -> List[Part]:
    """What was left open, and is not counted."""
    lines = [
        part("utter_part_points_open", label=in_language(question.label, language))
        for question in FORM.questions()
        if answers.get(question.id) == UNKNOWN and question.applies(answers)
    ]
    return lines + _open_floor(answers, count, language)


def _open_floor(answers: Answers, count: Count, language: str) -> List[Part]:
    least = points_table().least_salary.get(count.type)
    if least is None or answers.get("salary") != UNKNOWN:
        return []
    return [part("utter_part_points_open_floor", least=format_decimal(least, locale=language))]


def _missed_floor(count: Count, language: str) -> List[Part]:
    least = count.least_salary
    return [] if least is None else [part("utter_part_points_floor", least=format_decimal(least, locale=language))]


def meaning_of(count: Count, language: str, mark: Optional[int] = None) -> List[Part]:
    """What a total means; `mark`: another number of points that was asked for."""
    table = points_table()
    lines: List[Part] = []
    if mark is not None and mark != table.pass_mark and count.total < mark:
        lines.append(part("utter_part_points_missing", missing=mark - count.total, mark=mark))
    lines += _missed_floor(count, language)
    if count.passes:
        lines.append(part("utter_part_points_pass", mark=table.pass_mark))
    elif count.total < table.pass_mark:
        lines.append(part("utter_part_points_short", mark=table.pass_mark, missing=table.pass_mark - count.total))
    lines += [part("utter_part_points_permanent", mark=step.points, span=in_language(step.span, language)) for step in table.permanent]
    if count.special:
        lines.append(part("utter_part_points_special", url=table.special_source.url))
    return lines


def gains_of(form: Form, answers: Answers, language: str) -> List[Part]:
    """What would add points."""
    lines: List[Part] = []
    for gain in points_table().best_gains(answers)[:MOST_GAINS]:
        answer = gain.answer[-1:] if isinstance(gain.answer, list) else gain.answer
        reached = part("utter_part_points_reaches", mark=gain.mark) if gain.mark else ""
        value = shown(form, gain.question, answer, language)
        lines.append(
            part("utter_part_points_gain", label=in_language(gain.question.label, language), value=value, points=gain.points, reached=reached)
        )
    return lines or [part("utter_part_points_no_gain")]


def notices_of(count: Count, source: PointsSource, language: str, day: dt.date) -> List[Part]:
    """What has to be said beside every count."""
    lines = [part("utter_part_confirm")] if any(one.row.confidence != "high" for one in count.rows) or source.confidence != "high" else []
    if source.review_by and source.review_by < day:
        lines.append(part("utter_part_stale", date=_date(source.review_by, language)))
    return [*lines, part("utter_part_points_decides")]


def source_of(source: PointsSource, language: str) -> Dict[str, Any]:
    """The fields of a source."""
    checked = part("utter_part_checked_read" if source.seen == "read" else "utter_part_checked_cited", date=_date(source.checked, language))
    title, publisher = in_language(source.title, language), in_language(source.publisher, language)
    return {"publisher": publisher, "source_title": title, "url": source.url, "checked": checked}


def _date(day: dt.date, language: str) -> str:
    return str(format_date(day, format="long", locale=language))


def card_of(count: Count, language: str) -> Dict[str, Any]:
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
