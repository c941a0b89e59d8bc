"""What people tell a form beside the answer asked for, in both languages: on the real questions of the status finder and the checklist."""

from __future__ import annotations

from typing import Any, Dict

import pytest

from actions.checklist import FORM as CHECKLIST
from actions.decision import Decision
from actions.forms import talk
from actions.forms.form import Form, State
from actions.forms.talk import Move
from actions.memory import Memory
from actions.status_finder import FORM as FINDER
from tests.actions.test_forms import heard


def went(form: Form, answers: Dict[str, Any], asked: str, text: str) -> Move:
    return talk.go_on(form, State(answers, asked), heard(text), Memory(), lambda: Decision("unsure", Memory()))


@pytest.mark.parametrize(
    ("asked", "before", "text", "told"),
    [
        ("place", {}, "I live in Sendai on a dependent visa", {"place": "japan", "now": "dependent"}),
        ("place", {}, "日本です。特定技能です", {"place": "japan", "now": "ssw1"}),
        ("place", {}, "いんどねしあ", {"place": "abroad"}),
        ("now", {"place": "japan"}, "留学です", {"now": "student"}),
        ("purpose", {"place": "abroad"}, "a firm wants me as a translator", {"purpose": "job", "work": "office"}),
        ("purpose", {"place": "abroad"}, "祖父が日本人なので日本に行きたい", {"purpose": "family", "relation": "nikkei3"}),
    ],
)
def test_the_finder_takes_what_stands_beside_the_answer(asked: str, before: Dict[str, Any], text: str, told: Dict[str, Any]) -> None:
    assert went(FINDER, before, asked, text).state.answers == {**before, **told}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a list for changing from student to humanities, category 3", {"procedure": "change", "status": "engineer", "category": "3"}),
        ("家族滞在から留学への変更の書類リスト", {"procedure": "change", "status": "student"}),
        ("介護の特定技能を海外から呼ぶ書類リスト", {"procedure": "coe", "status": "ssw1"}),
    ],
)
def test_the_status_wanted_is_not_the_one_left_nor_the_job(text: str, told: Dict[str, Any]) -> None:
    assert talk.begin(CHECKLIST, heard(text)).state.answers.items() >= told.items()


@pytest.mark.parametrize(("text", "category"), [("we withheld 12 million yen", "2"), ("源泉徴収税額は300万円です", "3")])
def test_the_tax_withheld_gives_the_category(text: str, category: str) -> None:
    before = {"procedure": "coe", "group": "work", "status": "transferee"}
    assert went(CHECKLIST, before, "category", text).state.answers["category"] == category


@pytest.mark.parametrize("text", ["why do you want to know that?", "どうして聞くんですか"])
def test_who_asks_why_is_told_and_asked_again(text: str) -> None:
    move = went(FINDER, {}, "place", text)
    assert (move.reply, move.state.asked, move.state.tries) == ("utter_form_why", "place", 0)


@pytest.mark.parametrize("text", ["what can I choose?", "選択肢は？"])
def test_who_asks_for_the_choices_gets_them(text: str) -> None:
    assert went(CHECKLIST, {}, "procedure", text).kind == "choices"
