"""Which status may fit: asks where somebody is and what they will do, and names one to three statuses with what is missing. It promises nothing."""

from __future__ import annotations

import datetime as dt
from typing import Any, Dict, List, Optional, Sequence

from babel.dates import format_date

from actions.counter import counter
from actions.forms import reading
from actions.forms.form import Form, Heard, Say
from actions.forms.validation import FormValidation
from actions.replies import Part, notices, part
from knowledge.answers import answer_of, filled
from knowledge.articles import Library, Texts
from knowledge.guides.questionnaire import Answers, Question
from knowledge.guides.statuses import Finding, guide
from knowledge.languages import in_language
from knowledge.places import whereabouts

_POINTS = frozenset({"hsp1", "hsp2"})  # outcomes under which the points calculator is offered
_MOST_QUESTIONS = 3


class StatusFinderForm(Form):
    """Asks five questions or so, the next depending on the answers before."""

    name = "status_finder"

    def questions(self) -> Sequence[Question]:
        """The questions of content/guide/questions.yaml."""
        return guide().questions

    def intro(self) -> Optional[str]:
        """That the result is no promise."""
        return "utter_status_finder_intro"

    def read(self, question: Question, heard: Heard, answers: Answers) -> Any:
        """Where somebody is, is read from the names of places. A message that mends one answer by its name leaves the others alone: "my education
        is vocational school" is no wish to study."""
        named = reading.named(self, heard)
        if question.id in answers and named not in (None, question.id):
            return answers[question.id]
        return whereabouts(heard.text, heard.asked) if question.id == "place" else None

    def about(self, answers: Answers, day: dt.date) -> Optional[str]:
        """The status that fits best."""
        return guide().findings(answers)[0].outcome.article

    def finish(self, answers: Answers, language: str, day: dt.date) -> List[Say]:
        """What may fit, each with why, what is missing, how to get there, and its source."""
        library = counter().library
        found = guide().findings(answers)
        findings = [_finding(number, one, library, language, day) for number, one in enumerate(found, 1)]
        phone = filled(library, "{phone.isa}", language, day)[0]
        return [Say("utter_status_finder_result", {"findings": findings, "phone": phone}, _buttons(found, library, language))]


class ValidateStatusFinder(FormValidation):
    """The form's action."""

    form = StatusFinderForm()


def _finding(number: int, one: Finding, library: Library, language: str, day: dt.date) -> Part:
    outcome = one.outcome
    answer = answer_of(library, library.units[outcome.unit], language, day)

    def words(texts: Texts) -> str:
        return filled(library, in_language(texts, language), language, day)[0]

    return part(
        "utter_part_status_finding",
        number=number,
        title=words(outcome.title or library.articles[outcome.article].title),
        why=words(outcome.why),
        missing=[part("utter_part_status_missing", text=words(need.text)) for need in one.missing],
        open=[part("utter_part_status_open", text=words(need.text)) for need in one.open],
        how=words(one.procedure.text),
        notices=notices(answer),
        publisher=answer.publisher,
        source_title=answer.source_title,
        url=answer.url,
        checked=part(
            "utter_part_checked_read" if answer.source_read else "utter_part_checked_cited",
            date=str(format_date(answer.checked, format="long", locale=language)),
        ),
    )


def _buttons(found: Sequence[Finding], library: Library, language: str) -> List[Dict[str, str]]:
    """What one may want to do next: a question about each outcome, the papers, the points."""
    titles = [in_language(library.units[one.outcome.unit].question, language) for one in found[:_MOST_QUESTIONS]]
    forms = ["checklist"] if any(one.outcome.checklist for one in found) else []
    forms += ["points"] if any(one.outcome.id in _POINTS for one in found) else []
    titles += [in_language(library.forms[name].title, language) for name in forms if name in library.forms]
    return [{"title": title} for title in dict.fromkeys(titles)]
