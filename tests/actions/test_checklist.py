"""The document checklist: whole conversations in both languages, and the card that the web chat draws."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Dict, List, Optional

import pytest

from actions.checklist import FORM
from actions.forms import reading
from actions.guided import ValidateChecklist
from knowledge.articles import Library
from knowledge.guides.checklists import checklists
from tests.actions.conftest import Conversation
from tests.actions.test_forms import Filling, heard

START = "make_checklist"


@pytest.fixture
def filling(talk: Conversation, real: Library, monkeypatch: pytest.MonkeyPatch) -> Filling:
    """The form with the real facts; questions in between are answered from the tiny articles."""
    monkeypatch.setattr("actions.checklist.counter", lambda: SimpleNamespace(library=real))
    return Filling(ValidateChecklist(), talk)


def asked(name: str, language: str = "en") -> str:
    return str(checklists().question(name).ask[language])


def card(filling: Filling) -> Dict[str, Any]:
    (found,) = [message["custom"]["checklist"] for message in filling.messages if "checklist" in message["custom"]]
    return dict(found)


def papers(filling: Filling) -> List[str]:
    return [item["id"] for item in card(filling)["items"]]


def test_a_whole_list_in_english(filling: Filling) -> None:
    filling.say("Make a document checklist", intent=START)
    assert filling.messages[0]["response"] == "utter_checklist_intro"
    assert len(filling.choices) == 5
    filling.say("extension please")
    assert asked("group") in filling.text()
    filling.say("Work")
    filling.say("engineer visa")
    assert "Status of residence: Engineer/Humanities/International" in filling.text() and asked("category") in filling.text()
    filling.say("How much is the extension?", intent="ask_fee")
    assert "6,000 yen" in filling.messages[0]["answer"] and asked("category") in filling.text()
    filling.say("3")
    assert asked("extra") in filling.text() and "I am a dispatched worker" in filling.choices
    filling.say("I changed jobs")
    filling.say("That's all")
    assert not filling.active
    assert papers(filling)[:5] == ["form_extension", "photo", "passport_card", "category_proof", "representative"]
    assert {"resident_tax", "working_conditions", "registry"} <= set(papers(filling)) and "degree_proof" not in papers(filling)
    found = card(filling)
    assert found["id"] == "engineer-3-moved-extension" and found["language"] == "en"
    assert found["page"] == "/pages/checklists/engineer?procedure=extension&category=3&extra=moved&lang=en"
    assert found["source"]["checked_on"] == "2026-09-16" and found["source"]["url"].endswith("gijinkoku.html")
    text = filling.text()
    assert all(item["title"] in text for item in found["items"])  # the text is complete without the card
    assert "You bring:" in text and "The employer brings:" in text and "no promise of a permission" in text


def test_all_at_once_in_japanese(filling: Filling) -> None:
    filling.say("技人国の更新の書類リストを作って、カテゴリー2です", "ja", START)
    assert asked("extra", "ja") in filling.text()
    filling.say("どれもありません", "ja")
    assert papers(filling) == ["form_extension", "photo", "passport_card", "category_proof"]
    assert "【書類：技術・人文知識・国際業務 – 在留期間の更新】" in filling.text() and "カテゴリー2" in filling.text()


@pytest.mark.parametrize(("text", "language", "status"), [("the engineer visa", "en", "engineer"), ("家族滞在です", "ja", "dependent")])
def test_who_names_the_status_is_not_asked_for_its_kind(filling: Filling, text: str, language: str, status: str) -> None:
    filling.say("書類のリストを作る", language, START)
    filling.say("在留期間の更新", language)
    assert asked("group", language) in filling.text()
    filling.say(text, language)
    assert filling.around.slots["checklist_status"] == status and asked("status", language) not in filling.text()


def test_an_answer_is_mended(filling: Filling) -> None:
    filling.say("書類のリストを作る", "ja", START)
    for text in ("在留資格認定証明書（海外から）", "家族", "家族滞在"):
        filling.say(text, "ja")
    assert asked("extra", "ja") in filling.text()
    filling.say("すみません、手続は変更です", "ja")
    assert "在留資格の変更" in filling.text() and asked("extra", "ja") in filling.text()
    filling.say("どれもありません", "ja")
    assert "form_change" in papers(filling) and "envelope" not in papers(filling) and "supporter_job" in papers(filling)


def test_an_unknown_category_gives_all_papers_with_their_category(filling: Filling) -> None:
    filling.say("checklist for the engineer visa, change of status", intent=START)
    assert asked("category") in filling.text()
    filling.say("I don't know")
    filling.say("None of these")
    notes = {item["id"]: item["note"] for item in card(filling)["items"]}
    assert "category 3, 4" in notes["degree_proof"] and "category 4" in notes["no_withholding"] and "category" not in notes["photo"]


def test_what_is_not_verified_says_so(filling: Filling) -> None:
    filling.say("Make a document checklist", intent=START)
    for text in ("Change of status (in Japan)", "Work", "Another work status"):
        filling.say(text)
    assert "could not verify" in filling.text() and "/status/index.html" in filling.text()


def test_permanent_residence_and_the_printed_page_address(filling: Filling, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MADOGUCHI_PUBLIC_URL", "https://madoguchi.example.org/")
    filling.say("checklist of papers for permanent residence", intent=START)
    filling.say("Highly skilled by points")
    assert {"pr_points_now", "pr_points_then", "pr_tax_points"} <= set(papers(filling))
    assert "https://madoguchi.example.org/pages/checklists/permanent?route=points&lang=en" in filling.text()


def test_cancel_back_and_restart(filling: Filling) -> None:
    filling.say("Make a document checklist", intent=START)
    filling.say("Change of status (in Japan)")
    filling.say("back")
    assert asked("procedure") in filling.text()
    filling.say("Permission for other activity")
    assert asked("holder") in filling.text()
    filling.say("restart")
    assert asked("procedure") in filling.text()
    filling.say("キャンセル", "ja")
    assert not filling.active
    assert [value for name, value in filling.around.slots.items() if name.startswith("checklist_") and value is not None] == []


@pytest.mark.parametrize(("text", "language"), [("the paper list for a dependent's renewal", "en"), ("家族滞在の更新の書類リストをください", "ja")])
def test_a_status_named_with_the_wish_brings_its_kind(filling: Filling, text: str, language: str) -> None:
    filling.say(text, language, START)
    assert (filling.around.slots["checklist_group"], filling.around.slots["checklist_status"]) == ("family", "dependent")
    assert asked("extra", language) in filling.text()


def test_a_status_named_before_the_procedure_is_no_present_position(filling: Filling) -> None:
    filling.say("make a checklist for an engineer", intent=START)
    assert asked("procedure") in filling.text() and checklists().question("route").label["en"] not in filling.text()
    filling.say("Permanent residence")
    assert asked("route") in filling.text()


@pytest.mark.parametrize(
    ("before", "wish", "language", "procedure", "status"),
    [
        ("what do I hand in to extend my engineer visa?", "make it a list please", "en", "extension", "engineer"),
        ("特定技能の人を海外から呼びたい。書類は？", "リストにしてください", "ja", "coe", "ssw1"),
    ],
)
def test_the_list_begins_with_what_was_told_before(filling: Filling, before: str, wish: str, language: str, procedure: str, status: str) -> None:
    filling.around.events.append({"event": "user", "text": before, "parse_data": {"text": before, "language": {"code": language}}, "metadata": {}})
    filling.say(wish, language, "make_checklist")
    slots = filling.around.slots
    assert (slots.get("checklist_procedure"), slots.get("checklist_status")) == (procedure, status)


def test_a_second_list_begins_anew(filling: Filling) -> None:
    filling.say("checklist for an extension, student", intent="make_checklist")
    assert not filling.active
    filling.say("a new checklist please", intent="make_checklist")
    assert filling.around.slots["requested_slot"] == "checklist_procedure"


@pytest.mark.parametrize(
    ("text", "language", "group", "status"),
    [
        ("I am an engineer and want to bring my wife from Peru, checklist", "en", "family", None),
        ("エンジニアです。家族を呼びたいので書類のリスト", "ja", "family", None),
        ("we want to bring an engineer from Peru, checklist", "en", "work", "engineer"),
    ],
)
def test_who_brings_the_family_names_no_status_of_their_own(filling: Filling, text: str, language: str, group: str, status: Optional[str]) -> None:
    filling.say(text, language, "make_checklist")
    assert (filling.around.slots["checklist_group"], filling.around.slots.get("checklist_status")) == (group, status)


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("it should be 2, as far as I know", "2"),
        ("4でお願いします。ほかはないです", "4"),
        ("たぶん3かな", "3"),
        ("there are 4 employees", None),
        ("社員は2人です", None),
        ("either 2 or 3", None),
    ],
)
def test_a_category_is_told_by_its_number(text: str, category: str | None) -> None:
    question = FORM.question("category")
    assert question is not None
    assert reading.read(FORM, question, heard(text), {}, asked=True) == category


def test_what_is_told_to_who_leaves_is_in_the_knowledge(real: Library) -> None:
    assert FORM.told_by(heard("I go back home for good, checklist please")) in real.units
