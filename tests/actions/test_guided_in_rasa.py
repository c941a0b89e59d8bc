"""The status finder and the checklist with a real Rasa agent and the real rules: begin, digress, mend, finish, cancel."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from knowledge.articles import Library
from knowledge.guides.checklists import checklists
from knowledge.guides.statuses import guide
from tests.actions.test_forms_in_rasa import Chat, chat, executor, model, patch  # noqa: F401


@pytest.fixture(autouse=True)
def real_articles(real: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """The results name real articles; questions in between are answered from the tiny ones."""
    for module in ("actions.status_finder", "actions.checklist", "actions.results"):
        monkeypatch.setattr(f"{module}.counter", lambda: SimpleNamespace(library=real))


def finder(name: str, language: str) -> str:
    return next(question.ask[language] for question in guide().questions if question.id == name)


def test_a_status_in_english(chat: Chat) -> None:  # noqa: F811
    assert finder("place", "en") in chat.say("Find the status that fits me")
    assert chat.form == "status_finder_form"
    assert finder("purpose", "en") in chat.say("I am outside Japan")
    said = chat.say("How much is the extension?")
    assert "6,000 yen" in said and said.endswith(finder("purpose", "en"))
    assert finder("study", "en") in chat.say("I want to study")
    assert finder("work", "en") in chat.say("no, I mean I want to work for a company")
    chat.say("Transfer from my company abroad")
    assert chat.names == ["utter_status_finder_result"] and chat.form is None
    assert "1. Intra-company Transferee" in chat.replies[0]["text"] and "no promise" in chat.replies[0]["text"]
    assert chat.slots()["status_finder_work"] == "transfer"  # kept for "what if"


def test_a_checklist_in_japanese(chat: Chat) -> None:  # noqa: F811
    ask = checklists().question
    assert ask("procedure").ask["ja"] in chat.say("書類のリストを作る")
    assert ask("group").ask["ja"] in chat.say("在留期間の更新")
    said = chat.say("在留期間の更新の手数料はいくらですか")
    assert "6,000円" in said and said.endswith(ask("group").ask["ja"])
    assert ask("category").ask["ja"] in chat.say("技人国です")
    assert ask("extra").ask["ja"] in chat.say("3")
    chat.say("どれもありません")
    assert chat.names == ["utter_checklist"] and chat.form is None
    card = chat.replies[0]["custom"]["checklist"]
    assert card["id"] == "engineer-3-extension" and [item["id"] for item in card["items"]][-1] == "resident_tax"
    chat.say("カテゴリー1だったら何が減りますか")
    assert chat.names == ["utter_checklist"] and chat.form is None
    assert chat.replies[0]["custom"]["checklist"]["id"] == "engineer-1-extension"
    said = chat.say("家族滞在だったら書類は？")  # what was understood is said back, what is missing asked, no more
    assert said == "在留資格の種類：家族、ですね。\n在留資格：家族滞在、ですね。\n" + ask("extra").ask["ja"] and chat.form == "checklist_form"
    chat.say("どれもありません")
    assert chat.names == ["utter_checklist"] and chat.form is None
    assert chat.replies[0]["custom"]["checklist"]["id"] == "dependent-extension"


def test_both_can_be_cancelled(chat: Chat) -> None:  # noqa: F811
    for title in ("合う在留資格を調べる", "書類のリストを作る"):
        chat.say(title)
        assert chat.form
        chat.say("やめます")
        assert chat.names == ["utter_form_cancelled"] and chat.form is None
