"""Makes a checklist of papers for a procedure: a list to tick in the web chat, plain words elsewhere, and a page to print."""

from __future__ import annotations

import datetime as dt
import os
from functools import lru_cache
from typing import Any, Dict, List, Optional, Sequence

from babel.dates import format_date

from actions.counter import counter
from actions.forms.form import Form, Heard, Say
from actions.forms.validation import FormValidation
from actions.replies import Part, part
from knowledge.articles import Library
from knowledge.guides import checklist_wording as wording
from knowledge.guides.checklists import STATUS, Wanted, checklists, sure_of
from knowledge.guides.questionnaire import Answers, Question
from knowledge.languages import in_language
from knowledge.search.names import NameTable

_GROUP = "group"
_NOTICES = {"medium": "utter_part_confirm", "low": "utter_part_unverified"}


class ChecklistForm(Form):
    """Asks for the procedure, the status, the employer's category and what else decides about the papers."""

    name = "checklist"

    def questions(self) -> Sequence[Question]:
        """The questions of content/checklists/questions.yaml."""
        return checklists().questions

    def intro(self) -> Optional[str]:
        """What comes out of it."""
        return "utter_checklist_intro"

    def read(self, question: Question, heard: Heard, answers: Answers) -> Any:
        """Who names the status already ("papers for an engineer visa") is not asked for its kind: `kind:status` until `settled` parts them."""
        if question.id == STATUS:
            return str(answers.get(_GROUP) or "").partition(":")[2] or None
        if question.id != _GROUP:
            return None
        named = {mention.targets[0] for mention in _statuses().find(heard.text)}
        kinds = {_groups()[status] for status in named}
        if len(kinds) != 1:
            return None
        return f"{kinds.pop()}:{named.pop()}" if len(named) == 1 else kinds.pop()

    def settled(self, answers: Dict[str, Any]) -> Dict[str, Any]:
        """The kind and the status apart."""
        kind, _, status = str(answers.get(_GROUP) or "").partition(":")
        return super().settled({**answers, _GROUP: kind, STATUS: status} if status else answers)

    def show(self, question: Question, value: Any, language: str) -> Optional[str]:
        """A status that was named instead of its kind, in words."""
        status = str(value).partition(":")[2] if question.id == _GROUP else ""
        return wording.label(checklists(), STATUS, status, language) if status else None

    def finish(self, answers: Answers, language: str, day: dt.date) -> List[Say]:
        """The papers, by who brings them, with the source and where to print them."""
        wanted, table, library = checklists().wanted(answers), checklists(), counter().library
        source = wanted.checklist.source
        checked = "utter_part_checked_read" if source.seen == "read" else "utter_part_checked_cited"
        notice = _NOTICES.get(sure_of(wanted))
        chosen = wording.choices(wanted, table, language)
        fields: Dict[str, Any] = {
            "title": wording.title(wanted, table, language),
            "chosen": [part("utter_part_checklist_for", choices=" / ".join(chosen))] if chosen else [],
            "papers": _papers(wanted, library, language, day),
            "rules": [part("utter_part_checklist_rule", text=rule) for rule in wording.rules(library, language, day)],
            "notices": [part(notice)] if notice else [],
            "link": _link(wanted, language),
            "publisher": in_language(source.publisher, language),
            "source_title": in_language(source.title, language),
            "url": source.url,
            "checked": part(checked, date=str(format_date(source.checked, format="long", locale=language))),
        }
        return [Say("utter_checklist", fields, card={"checklist": wording.card(wanted, table, library, language, day)})]


class ValidateChecklist(FormValidation):
    """The form's action."""

    form = ChecklistForm()


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


@lru_cache(maxsize=1)
def _groups() -> Dict[str, str]:
    """The kind (work, school, family) of every status."""
    return {option.id: option.when[_GROUP][0] for option in checklists().question(STATUS).options}


@lru_cache(maxsize=1)
def _statuses() -> NameTable:
    options = checklists().question(STATUS).options
    return NameTable(tuple((word, option.id) for option in options for words in (*option.words.values(), option.label.values()) for word in words))
