"""Which status may fit: asks where somebody is and what they will do, and names one to three statuses with what is missing.

It does so again for "and if I had no degree?", and promises nothing.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any, Dict, List, Optional, Sequence

from babel.dates import format_date

from actions.counter import counter
from actions.forms import reading
from actions.forms.form import Form, Heard, Say
from actions.forms.hearing import answers_of, heard_in
from actions.replies import Part, notices, part
from actions.results import just_shown, shown
from actions.turn import Turn
from knowledge.answers import answer_of, filled
from knowledge.articles import Library, Texts, Unit
from knowledge.guides.questionnaire import Answers, Question
from knowledge.guides.statuses import Finding, guide
from knowledge.languages import in_language
from knowledge.places import whereabouts

_POINTS = frozenset({"hsp1", "hsp2"})  # outcomes under which the points calculator is offered
_MOST_QUESTIONS = 3
_WORK_AND_TRAVEL = {"job", "visit"}  # who travels and works a bit wants a working holiday, who works from a laptop a stay for that
_OWN = frozenset({"guide-what-job-which-status#how-to-choose", "status-overview#choose"})  # units that tell what the form finds out
_NOT_KEPT = ("settle", "refuge")
# The procedure of the checklist for each of the guide's that needs papers of its own.
_PROCEDURES = {"coe": "coe", "change": "change", "keep": "extension", "permanent": "permanent"}


class StatusFinderForm(Form):
    """Asks five questions or so, the next depending on the answers before."""

    name = "status_finder"
    keeps = True

    def questions(self) -> Sequence[Question]:
        """The questions of content/guide/questions.yaml."""
        return guide().questions

    def intro(self) -> Optional[str]:
        """That the result is no promise."""
        return "utter_status_finder_intro"

    def read(self, question: Question, heard: Heard, answers: Answers) -> Any:
        """Where somebody is, is read from the names of places. A message that mends one answer by its name leaves the others alone: "my education
        is vocational school" is no wish to study."""
        if question.id == "purpose":
            return self._wish(question, heard, answers)
        named = self.question(reading.named(self, heard))
        if question.id in answers and named is not None and named.id != question.id and named.applies(answers):
            return answers[question.id]
        return whereabouts(heard.text, heard.asked) if question.id == "place" else None

    def _wish(self, question: Question, heard: Heard, answers: Answers) -> Optional[str]:
        """Of several things that a message names (a job and a husband), the one in the part that wishes or plans something."""
        found = reading.chosen(self, question, heard, answers)
        if found and all(self._of_family(question, part, heard, answers) for part in reading.parts(heard.said or heard.text)):
            return "family"
        wished = [one for part in reading.parts(heard.text) if reading.matches("wish", part) for one in self._in(question, part, heard, answers)]
        if len(found) > 1 and len(set(wished)) == 1:
            return wished[0]
        return "visit" if set(found) == _WORK_AND_TRAVEL else None

    def _of_family(self, question: Question, part: str, heard: Heard, answers: Answers) -> bool:
        """Whether a part says nothing of what the person wants to do, or what somebody of the family does: "my husband works there"."""
        named = self._in(question, part, heard, answers)
        return not named or ("family" in named and not reading.matches("wish", part))

    def _in(self, question: Question, part: str, heard: Heard, answers: Answers) -> List[str]:
        return reading.chosen(self, question, replace(heard, text=part, entities=()), answers)

    def wished(self, heard: Heard) -> bool:
        """Which status fits, and nothing else."""
        return reading.matches("which_status", heard.text)

    def says(self, unit: Unit) -> bool:
        """How to choose a status."""
        return unit.key in _OWN

    def settled(self, answers: Dict[str, Any]) -> Dict[str, Any]:
        """Words of a branch that nobody entered yet say nothing: "university" alone is no wish to study."""
        kept = super().settled(answers)
        if "purpose" in kept:
            return kept
        return {name: value for name, value in kept.items() if not any("purpose" in one.when for one in self.questions() if one.id == name)}

    def kept(self, answers: Answers) -> Answers:
        """All but the wish for protection: that somebody cannot go home safely is not kept once it is answered."""
        return {name: value for name, value in answers.items() if (name, value) != _NOT_KEPT}

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


FORM = StatusFinderForm()


def changed(turn: Turn) -> Optional[Dict[str, Any]]:
    """The answers of the last result as a message changes them ("if I had no degree?", じゃあ語学学校なら), without what is missing; else None.

    A message that supposes something and asks for something else ("if I marry, can I work?") is a question like any other.
    """
    answers, heard = answers_of(FORM, turn.slots), heard_in(turn)
    missing = FORM.next(answers)
    if shown(turn.slots, FORM) is None or (missing and missing.id != _NOT_KEPT[0]) or not _supposes(heard):
        return None
    heard = replace(heard, text=reading.without_marker(heard.text))
    known, told = dict(answers), set[str]()
    for question in FORM.questions():
        if not (question.applies(known) or (question.tells and not told & set(question.when))):
            continue
        value = reading.read(FORM, question, reading.free(FORM, question, heard, known), known, asked=False)
        if value is not None and value != known.get(question.id):
            told.add(question.id)
            branch = {name: values[0] for name, values in question.when.items() if question.tells}
            known = FORM.settled({**known, **branch, question.id: value})
    return known if told else None


def _supposes(heard: Heard) -> bool:
    if not (reading.matches("supposition", heard.text) or reading.matches("correction", heard.text)):
        return False
    return not reading.asks(reading.without("outcome", reading.without("outcome_status", heard.text)))


def papers(turn: Turn) -> Dict[str, Any]:
    """What the last result says about the papers needed next, as answers of the checklist: the procedure and the status."""
    answers = answers_of(FORM, turn.slots)
    if not just_shown(turn.slots, FORM) or FORM.next(answers) is not None:
        return {}
    best = guide().findings(answers)[0]
    wanted, procedure = best.outcome.checklist, _PROCEDURES.get(best.procedure.id)
    if wanted is None or procedure is None:
        return {}
    return {"procedure": procedure} if wanted == procedure else {"procedure": procedure, "status": wanted}


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
