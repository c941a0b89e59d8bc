"""Makes a checklist of papers for a procedure: a list to tick in the web chat, plain words elsewhere, and a page to print."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import replace
from functools import lru_cache
from typing import Any, Dict, FrozenSet, List, Optional, Sequence

from babel.dates import format_date
from rasa_sdk.executor import CollectingDispatcher

from actions.counter import counter
from actions.forms import reading
from actions.forms.form import Form, Heard, Say
from actions.forms.hearing import answers_of, heard_before, heard_in
from actions.replies import Part, part, say
from actions.results import just_shown, shown
from actions.turn import Turn
from knowledge.analysis import normalised, tokens
from knowledge.articles import Library, Unit
from knowledge.guides import checklist_wording as wording
from knowledge.guides.checklists import CATEGORY, PROCEDURE, STATUS, Wanted, checklists, sure_of
from knowledge.guides.questionnaire import Answers, Question
from knowledge.languages import in_language
from knowledge.search.names import NameTable

_GROUP, _FAMILY = "group", "family"
_OF_ONE_PROCEDURE = frozenset({"route", "holder"})  # questions of permanent residence and of the permission for other activity
_LOOKED_BACK = 3  # messages
_DOCUMENTS = "documents"  # the aspect (content/aspects.yaml) that the list covers
_LEAVING = "procedure-leaving-japan#checklist"  # what to do before leaving for good
_NOTICES = {"medium": "utter_part_confirm", "low": "utter_part_unverified"}


class ChecklistForm(Form):
    """Asks for the procedure, the status, the employer's category and what else decides about the papers."""

    name = "checklist"
    keeps = True

    def questions(self) -> Sequence[Question]:
        """The questions of content/checklists/questions.yaml."""
        return checklists().questions

    def intro(self) -> Optional[str]:
        """What comes out of it."""
        return "utter_checklist_intro"

    def read(self, question: Question, heard: Heard, answers: Answers) -> Any:
        """Who names the status already ("papers for an engineer visa") is not asked for its kind: `kind:status` until `settled` parts them."""
        if question.id == CATEGORY:
            return _category(heard)
        named = _named(heard.said or heard.text)
        if question.id == STATUS:
            told = str(answers.get(_GROUP) or "").partition(":")[2] or None
            return min(named) if len(named) == 1 and _GROUP not in answers else told
        if question.id != _GROUP:
            return None
        kinds = {_groups()[status] for status in named} or ({_FAMILY} if _brings_family(heard.said or heard.text) else set())
        if len(kinds) != 1:
            return None
        return f"{kinds.pop()}:{named.pop()}" if len(named) == 1 else kinds.pop()

    def told_by(self, heard: Heard) -> Optional[str]:
        """The list of what to do before leaving Japan for good, which is no list of papers for an application."""
        return _LEAVING if reading.matches("leaving", heard.text) and not reading.told(self, heard) else None

    def says(self, unit: Unit) -> bool:
        """The papers for something."""
        return unit.aspect == _DOCUMENTS

    def settled(self, answers: Dict[str, Any]) -> Dict[str, Any]:
        """The kind and the status apart. Who names a status before the procedure is not taken to have said from where they apply."""
        kind, _, status = str(answers.get(_GROUP) or "").partition(":")
        apart = {**answers, _GROUP: kind, STATUS: status} if status else dict(answers)
        if _GROUP not in apart and apart.get(STATUS) in _groups():
            apart[_GROUP] = _groups()[apart[STATUS]]
        if PROCEDURE not in apart and _GROUP in apart:
            apart = {name: value for name, value in apart.items() if name not in _OF_ONE_PROCEDURE}
        return super().settled(apart)

    def show(self, question: Question, value: Any, language: str) -> Optional[str]:
        """A status that was named instead of its kind, in words."""
        status = str(value).partition(":")[2] if question.id == _GROUP else ""
        return wording.label(checklists(), STATUS, status, language) if status else None

    def topic(self, answers: Answers) -> Optional[str]:
        """The procedure, or the status when only that is known."""
        procedure, status = str(answers.get(PROCEDURE) or ""), str(answers.get(STATUS) or "")
        found = checklists().lists.get(procedure) or checklists().lists.get(status)
        return wording.procedure_article(procedure) or (found.article if found else None)

    def about(self, answers: Answers, day: dt.date) -> Optional[str]:
        """The procedure: fees, offices and times are asked about next."""
        return wording.article(checklists().wanted(answers))

    def finish(self, answers: Answers, language: str, day: dt.date) -> List[Say]:
        """The papers, by who brings them, with the source and where to print them."""
        wanted, table, library = checklists().wanted(answers), checklists(), counter().library
        notice = _NOTICES.get(sure_of(wanted))
        chosen = wording.choices(wanted, table, language)
        fields: Dict[str, Any] = {
            "title": wording.title(wanted, table, language),
            "chosen": [part("utter_part_checklist_for", choices=" / ".join(chosen))] if chosen else [],
            "papers": _papers(wanted, library, language, day),
            "rules": [part("utter_part_checklist_rule", text=rule) for rule in wording.rules(library, language, day)],
            "notices": [part(notice)] if notice else [],
            "link": _link(wanted, language),
            **_source(wanted, language),
        }
        return [Say("utter_checklist", fields, card={"checklist": wording.card(wanted, table, library, language, day)})]


FORM = ChecklistForm()


def wants_review(turn: Turn) -> bool:
    """Whether somebody wants the papers that they have looked over (書類チェックして), which only a person can do."""
    return wording.has("review", normalised(turn.asked.text))


def changed(turn: Turn) -> Optional[Dict[str, Any]]:
    """The answers of the last list as a message changes them ("what about an extension?", カテゴリー1だったら), the missing ones left out; else None.

    The message may say no more than that: who asks for the fee of a change does not ask for the papers of a change. Later in the conversation it
    has to name the list.
    """
    answers, heard = answers_of(FORM, turn.slots), heard_in(turn)
    if shown(turn.slots, FORM) is None or FORM.next(answers) is not None:
        return None
    text = reading.without_marker(heard.text)
    dates = [heard.text[int(one["start"]) : int(one["end"])] for one in heard.entities if one["entity"] == "date"]  # "opened in September"
    text = wording.without("differing", text)
    heard = replace(heard, text=text)
    mentions, words = _options().find(text), [word for word in tokens(text) if word.content or word.lemma in _going_on("asking")]
    spans = [(one.start, one.end) for one in mentions]
    spans += [(place, place + len(said)) for said in dates for place in [text.find(said)] if place >= 0]
    rest = [word for word in words if not any(start < word.end and word.start < end for start, end in spans)]
    if any(word.lemma not in _going_on("words") and word.text.isalpha() for word in rest):
        return None
    if not (just_shown(turn.slots, FORM) or any(word.lemma in _going_on("lists") for word in rest)):
        return None
    known = {**answers, _GROUP: FORM.read(_group(), heard, answers) or answers[_GROUP]} if _GROUP in answers else answers
    known = FORM.settled(known)
    named = reading.read_all(FORM, heard, known, words=tuple(question.id for question in FORM.questions()))
    named.update({name: [*(answers.get(name) or ()), *value] for name, value in named.items() if isinstance(value, list)})
    after = FORM.settled({**known, **named})
    if after == answers:
        return None
    # "None of these" was said of other things: what is offered anew is asked.
    asked_anew = [one.id for one in FORM.questions() if one.kind == "many" and FORM.options(one, answers) != FORM.options(one, after)]
    return {name: value for name, value in after.items() if name not in asked_anew or name in named}


def begun_with(known: Answers, turn: Turn) -> Optional[Dict[str, Any]]:
    """The answers with which the list begins when some are known from elsewhere; what the message itself says counts more. None without any."""
    heard = heard_in(turn)
    return FORM.settled({**known, **reading.told(FORM, heard)}) if known else None


def told_before(turn: Turn) -> Dict[str, Any]:
    """What the messages before told about the papers that are wanted, for who asks for the list only then ("make me the list please"). Nothing
    where the message tells it itself, or a list was made already.
    """
    if shown(turn.slots, FORM) is not None or reading.told(FORM, heard_in(turn)):
        return {}
    found: Dict[str, Any] = {}
    for heard in heard_before(turn, _LOOKED_BACK):
        found = FORM.settled({**found, **reading.told(FORM, heard)})
    return found if PROCEDURE in found or STATUS in found else {}


def say_paper(dispatcher: CollectingDispatcher, turn: Turn) -> bool:
    """Says what a paper of the last list is and where one gets it, when the message asks that ("where do we get the registry certificate?")."""
    answers = answers_of(FORM, turn.slots)
    if shown(turn.slots, FORM) is None or FORM.next(answers) is not None:
        return False
    wanted, library, day = checklists().wanted(answers), counter().library, dt.date.today()
    words = {word.lemma for word in tokens(turn.asked.text) if word.text.isalpha() and (word.content or word.lemma in _going_on("asking"))}
    words |= {word.lemma for word in tokens(turn.asked.text) if word.lemma in _going_on("about_paper")}
    named = words - _going_on("about_paper") - _going_on("getting") - {"paper", "document", "書類"}
    lines = [line for line in wording.lines(wanted, library, turn.language, day) if named and named <= {word.lemma for word in tokens(line.title)}]
    if not words & _going_on("about_paper") or len(lines) != 1:
        return False
    line = lines[0]
    fields: Dict[str, Any] = {"title": line.title, "what": line.what, "issuer": line.issuer, **_source(wanted, turn.language)}
    fields["where"] = [part("utter_part_checklist_where", text=line.where)] if line.where else []
    fields["note"] = [part("utter_part_checklist_note", text=line.note)] if line.note else []
    say(dispatcher, "utter_checklist_about", turn.language, **fields)
    return True


def _source(wanted: Wanted, language: str) -> Dict[str, Any]:
    """The official page of a list, and when it was checked."""
    source = wanted.checklist.source
    checked = "utter_part_checked_read" if source.seen == "read" else "utter_part_checked_cited"
    return {
        "publisher": in_language(source.publisher, language),
        "source_title": in_language(source.title, language),
        "url": source.url,
        "checked": part(checked, date=str(format_date(source.checked, format="long", locale=language))),
    }


def _papers(wanted: Wanted, library: Library, language: str, day: dt.date) -> List[Part]:
    """The papers below who brings them, in the order of the list."""
    lines = wording.lines(wanted, library, language, day)
    found = []
    for by in dict.fromkeys(line.by for line in lines):
        mine = [line for line in lines if line.by == by]
        papers = [part("utter_part_checklist_paper", title=line.title, issuer=line.issuer) for line in mine]
        found.append(part("utter_part_checklist_group", who=mine[0].by_words, papers=papers))
    return found


def _link(wanted: Wanted, language: str) -> List[Part]:
    """The address of the page in full, for channels that show the text alone; where the public address is not known the card has it."""
    public = os.environ.get("MADOGUCHI_PUBLIC_URL", "").rstrip("/")
    return [part("utter_part_checklist_link", url=public + wanted.address(language))] if public else []


def _category(heard: Heard) -> Optional[str]:
    """The category by the tax that the employer withheld ("our withholding tax was 15 million yen")."""
    if not heard.asked and not wording.names_tax(normalised(heard.text)):
        return None
    amounts = [one["value"] for one in heard.entities if one["entity"] == "money" and one.get("per") is None]
    return wording.category_of(amounts[0]) if len(amounts) == 1 else None


def _named(text: str) -> set[str]:
    """The statuses that a text names as the one wanted: not the one from which somebody changes, nor the job beside the name of a status."""
    mentions = _statuses().find(text)
    kept = [one for one in mentions if not wording.has("leaving", normalised(f"{text[: one.start]}@{text[one.end :]}"))]
    if _brings_family(text):  # "I am a programmer and want to bring my wife"
        return {one.targets[0] for one in kept if _groups()[one.targets[0]] == _FAMILY}
    statuses = {one.targets[0] for one in kept if normalised(one.text) not in _going_on("jobs")}
    return statuses or {one.targets[0] for one in kept}


def _brings_family(text: str) -> bool:
    return wording.has("bringing", normalised(text))


def _group() -> Question:
    return checklists().question(_GROUP)


@lru_cache(maxsize=1)
def _groups() -> Dict[str, str]:
    """The kind (work, school, family) of every status."""
    return {option.id: option.when[_GROUP][0] for option in checklists().question(STATUS).options}


@lru_cache(maxsize=1)
def _statuses() -> NameTable:
    options = checklists().question(STATUS).options
    return NameTable(tuple((word, option.id) for option in options for words in (*option.words.values(), option.label.values()) for word in words))


@lru_cache(maxsize=1)
def _options() -> NameTable:
    """All that the questions can be answered with, and the names of the questions."""
    return NameTable(
        tuple(
            (word, f"{question.id}/{option.id}")
            for question in checklists().questions
            for option in question.options
            for words in (*option.words.values(), option.label.values())
            for word in words
        )
        + tuple((word, question.id) for question in checklists().questions for words in question.names.values() for word in words)
    )


@lru_cache(maxsize=4)
def _going_on(name: str) -> FrozenSet[str]:
    """As checklist_wording.going_on, kept."""
    return wording.going_on(name)
