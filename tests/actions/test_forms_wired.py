"""Every form of the package against domain.yml, the rules and content/forms.yaml: what Rasa needs of each is there."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import Any, Dict, List, Type

import pytest
from rasa_sdk.utils import all_subclasses

import actions
from actions.forms.validation import FormValidation
from knowledge.documents import read_document
from knowledge.guides.questionnaire import MAX_TITLE
from knowledge.languages import CONTENT, languages
from knowledge.search.index import bare
from knowledge.settings import ROOT

DOMAIN: Dict[str, Any] = read_document(ROOT / "domain.yml").data
STARTS = {row["id"]: row for row in read_document(CONTENT / "forms.yaml").data}
RULES = read_document(ROOT / "data" / "rules" / "forms.yml").data["rules"]


def forms() -> List[Type[FormValidation]]:
    for module in pkgutil.iter_modules(actions.__path__):
        if module.name not in {"server", "warm_up"}:
            importlib.import_module(f"actions.{module.name}")
    found = [kind for kind in all_subclasses(FormValidation) if kind.__module__.startswith("actions.") and not inspect.isabstract(kind)]
    return sorted(found, key=lambda kind: str(kind.__name__))


@pytest.fixture(params=forms(), ids=lambda kind: str(kind.__name__))
def action(request: pytest.FixtureRequest) -> FormValidation:
    made: FormValidation = request.param()
    return made


def test_there_is_a_form_for_every_button_and_a_button_for_every_form() -> None:
    assert sorted(kind().form.name for kind in forms()) == sorted(STARTS)


def test_the_domain_has_its_slots_its_loop_and_its_action(action: FormValidation) -> None:
    form = action.form
    wanted = [form.slot(question.id) for question in form.questions()]
    assert sorted(DOMAIN["forms"][form.loop]["required_slots"]) == sorted(wanted)
    for name in wanted:
        assert DOMAIN["slots"][name] == {"type": "any", "influence_conversation": False, "mappings": [{"type": "custom"}]}
        assert f"utter_ask_{name}" not in DOMAIN["responses"]
    assert action.name() in DOMAIN["actions"]


def test_it_begins_ends_and_does_both_at_once(action: FormValidation) -> None:
    form, intent = action.form, STARTS[action.form.name]["intent"]
    assert intent in DOMAIN["intents"]
    steps = [(rule.get("condition"), rule["steps"]) for rule in RULES]
    assert (None, [{"intent": intent}, {"action": form.loop}, {"active_loop": form.loop}]) in steps
    assert (None, [{"intent": intent}, {"action": form.loop}, {"active_loop": None}]) in steps
    over = [{"action": form.loop}, {"active_loop": None}, {"slot_was_set": [{"requested_slot": None}]}]
    assert ([{"active_loop": form.loop}], over) in steps


def test_its_button_can_be_drawn_and_its_words_are_learned(action: FormValidation) -> None:
    for language in languages():
        title = STARTS[action.form.name]["title"][language]
        assert len(title) <= MAX_TITLE
        rows = read_document(ROOT / "data" / "nlu" / language / "help.yml").data["nlu"]
        learned = {row["intent"]: [bare(line) for line in row["examples"].splitlines()] for row in rows}
        assert bare(title) in learned[STARTS[action.form.name]["intent"]]
