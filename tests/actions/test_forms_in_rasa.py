"""A real Rasa agent, trained on a few examples with the real rules and domain, talks to the real actions: form and rules fit together."""

from __future__ import annotations

import asyncio
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional

import pytest
import yaml
from rasa.core.actions.action import RemoteAction
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.domain import Domain
from rasa.utils.endpoints import EndpointConfig
from rasa_sdk.executor import ActionExecutor

from actions.counter import counter
from bot.channels.bridge import ReplyCollector
from bot.nlg import LanguageFirstNLG
from bot.tracker_store import BoundedTrackerStore
from knowledge.articles import FormStart, Library
from knowledge.documents import read_document
from knowledge.guides.points import points_table
from knowledge.guides.questionnaire import Question
from knowledge.search.index import Index
from knowledge.search.ranking import Ranking
from knowledge.settings import ROOT
from knowledge.store import Store
from tests.actions.conftest import SURE

EVERYTHING = "count my points please: researcher, PhD, 29 years old, 6 million yen, 7 years, patent, N1, Japanese university, innovation"
EXAMPLES = {
    "calculate_points": [
        EVERYTHING,
        "count my points please",
        "how many points would I get",
        "work out my points",
        "点数を計算して",
        "私は何点になりますか",
        "ポイントを数えて",
    ],
    "ask_fee": ["how much is the extension", "what does it cost", "what is the fee", "手数料はいくらですか", "費用を教えて", "いくらかかりますか"],
    "request_human": [
        "I want to talk to a person",
        "a human please",
        "Talk to a person",
        "担当者と話したい",
        "人と話したいです",
        "担当者をお願いします",
    ],
    "greet": ["hello", "good morning", "hi there", "こんにちは", "おはようございます", "こんばんは"],
    "points_what_if": ["what if I pass N1", "what if I earn 8 million", "and next year", "N1に合格したら", "年収が800万円なら", "来年なら何点"],
    "choose": ["1", "2", "3", "the first one", "二番目", "最後の"],
}


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def executor(tmp_path_factory: pytest.TempPathFactory, library: Library, patch: pytest.MonkeyPatch) -> Iterator[ActionExecutor]:
    """The action server's own executor over every action of the package, with the tiny knowledge (and the forms of the real one) behind it."""
    folder = tmp_path_factory.mktemp("forms")
    rows = read_document(ROOT / "knowledge" / "content" / "forms.yaml").data
    forms = {row["id"]: FormStart(row["id"], row["intent"], row["title"], ("procedure-extension",), row.get("after")) for row in rows}
    known = Library(library.articles, library.facts, library.aspects, library.choices, library.concepts, forms)
    Store(f"sqlite:///{folder / 'knowledge.db'}").load(known)
    index = Index(known, replace(Ranking.read(), **SURE))
    patch.setenv("MADOGUCHI_DATABASE_URL", f"sqlite:///{folder / 'knowledge.db'}")
    patch.setenv("MADOGUCHI_CACHE", str(folder / "cache"))
    patch.setattr("knowledge.search.index_file.Index", lambda *_: index)
    patch.setattr("knowledge.search.index_file._write", lambda *_: None)
    counter.cache_clear()
    executor = ActionExecutor()
    executor.register_package("actions")
    yield executor
    counter.cache_clear()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, executor: ActionExecutor) -> Path:
    """A model of the real domain, configuration and rules, with a few examples of the intents that are used here."""
    from rasa.model_training import train

    folder = tmp_path_factory.mktemp("agent")
    nlu = [{"intent": intent, "examples": "".join(f"- {text}\n" for text in texts)} for intent, texts in EXAMPLES.items()]
    (folder / "nlu.yml").write_text(yaml.safe_dump({"version": "3.1", "nlu": nlu}, allow_unicode=True), encoding="utf-8")
    shutil.copytree(ROOT / "data" / "rules", folder / "rules")
    result = train(str(ROOT / "domain.yml"), str(ROOT / "config.yml"), [str(folder)], output=str(folder / "models"))
    assert result.code == 0
    return Path(result.model)


class Chat:
    """One conversation with the agent."""

    def __init__(self, agent: Agent, loop: asyncio.AbstractEventLoop) -> None:
        self.agent, self.loop = agent, loop
        self.replies: List[Dict[str, Any]] = []

    def say(self, text: str) -> str:
        output = ReplyCollector("web")
        message = UserMessage(text, output, "ann", input_channel="web", metadata={"channel": "web"})
        self.loop.run_until_complete(self.agent.handle_message(message))
        self.replies = output.replies
        return "\n".join(reply["text"] for reply in self.replies)

    @property
    def names(self) -> List[str]:
        return [reply["reply"] for reply in self.replies]

    @property
    def form(self) -> Optional[str]:
        tracker = self.loop.run_until_complete(self.agent.tracker_store.retrieve("ann"))
        return tracker.active_loop_name if tracker else None

    def slots(self) -> Dict[str, Any]:
        tracker = self.loop.run_until_complete(self.agent.tracker_store.retrieve("ann"))
        return dict(tracker.current_slot_values()) if tracker else {}


@pytest.fixture
def chat(model: Path, executor: ActionExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    """A conversation; actions are called as over HTTP, with the same JSON, without the HTTP."""

    async def called(self: EndpointConfig, **kwargs: Any) -> Any:
        result = await executor.run(json.loads(json.dumps(kwargs["json"])))
        return json.loads(json.dumps(result))

    monkeypatch.setattr(EndpointConfig, "request", called)
    endpoint = EndpointConfig("http://127.0.0.1:1/webhook", enable_selective_domain=True)
    domain = Domain.load(str(ROOT / "domain.yml"))
    store = BoundedTrackerStore(f"sqlite:///{tmp_path / 'events.db'}", domain=domain)
    agent = Agent.load(str(model), generator=LanguageFirstNLG(None, domain), tracker_store=store, action_endpoint=endpoint)
    loop = asyncio.new_event_loop()
    yield Chat(agent, loop)
    loop.close()


def questions() -> Dict[str, Question]:
    return {question.id: question for question in points_table().questions}


def test_start_digression_answer_correction_and_cancel(chat: Chat) -> None:
    ask = questions()
    assert ask["type"].ask["en"] in chat.say("Calculate my points")
    assert chat.form == "points_form"
    said = chat.say("How much is the extension?")
    assert "6,000 yen" in said and said.endswith(ask["type"].ask["en"])
    assert chat.form == "points_form"
    assert ask["degree"].ask["en"] in chat.say("I am an engineer")
    assert ask["career"].ask["en"] in chat.say("I have a master's degree")
    assert ask["career"].ask["en"] in chat.say("no, I have a bachelor's degree")
    assert chat.slots()["points_degree"] == "bachelor"
    assert "stopped" in chat.say("cancel")
    assert chat.names == ["utter_form_cancelled"]  # and no answer by the fallback behind it
    assert chat.form is None
    assert chat.slots()["points_degree"] is None
    assert chat.say("hello") and chat.names == ["utter_greet"]


def test_the_same_in_japanese_up_to_a_person(chat: Chat) -> None:
    ask = questions()
    assert ask["type"].ask["ja"] in chat.say("ポイントを計算する")
    assert ask["degree"].ask["ja"] in chat.say("エンジニアです")
    said = chat.say("在留期間の更新の手数料はいくらですか")
    assert "6,000円" in said and said.endswith(ask["degree"].ask["ja"])
    assert ask["career"].ask["ja"] in chat.say("修士です")
    chat.say("担当者と話したい")
    assert chat.names == ["utter_handoff"]
    assert chat.form is None


def test_the_button_under_an_answer_may_be_picked_by_its_number(chat: Chat) -> None:
    chat.say("How much is the extension?")
    assert chat.replies[-1]["buttons"][0]["title"] == "Calculate my points"
    assert questions()["type"].ask["en"] in chat.say("1")
    assert chat.form == "points_form"


def test_a_form_survives_the_cut_of_a_long_session(chat: Chat) -> None:
    chat.say("Calculate my points")
    for _ in range(12):
        chat.say("How much is the extension?")
    assert questions()["degree"].ask["en"] in chat.say("1")
    assert chat.form == "points_form"


def test_a_calculation_to_its_end_and_what_if_some_turns_later(chat: Chat) -> None:
    chat.say("Calculate my points")
    for text in ("engineer", "master's", "5 years", "5.5 million", "29", "none", "none", "none", "none", "none"):
        assert chat.form == "points_form", text
        said = chat.say(text)
    assert "Your points, as type b (specialised or technical work): 60" in said
    assert chat.form is None
    assert chat.names == ["utter_points_result", "utter_points_evidence", "utter_points_more"]
    assert "6,000 yen" in chat.say("How much is the extension?")
    chat.say("hello")
    assert "75 points, instead of 60" in chat.say("What if I pass N1?")
    assert "60" not in chat.say("hello")
    assert chat.slots()["points_japanese"] == "none"


def test_a_first_message_that_says_everything_begins_and_ends_the_form(chat: Chat) -> None:
    said = chat.say(EVERYTHING)
    assert "Your points, as type a (research or teaching): 135" in said
    assert chat.names == ["utter_points_result", "utter_points_evidence", "utter_points_more"]  # and no answer by the fallback behind it
    assert chat.form is None


def test_one_call_of_the_action_server_for_each_message(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: List[str] = []
    run = RemoteAction.run

    async def counted(self: RemoteAction, *args: Any, **kwargs: Any) -> Any:
        calls.append(self.name())
        return await run(self, *args, **kwargs)

    monkeypatch.setattr(RemoteAction, "run", counted)
    chat.say("Calculate my points")
    chat.say("I am an engineer")
    chat.say("blub")
    assert calls == ["validate_points_form"] * 3
