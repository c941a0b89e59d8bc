from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Callable, Dict, Iterator, List

import pytest
from rasa.shared.core.domain import Domain
from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.counter import counter
from actions.decision import Counter
from bot.nlg import LanguageFirstNLG
from knowledge.articles import Library
from knowledge.search.index import Index
from knowledge.search.ranking import Ranking
from knowledge.settings import ROOT
from knowledge.store import Store

# How sure the bot is, is a matter of figures that are tuned. What it does when it is sure, nearly sure or not is tested here.
SURE: Dict[str, Any] = {"sure": 0.0, "nearly": 0.0, "most_sure": 0.0, "clear_lead": 0.0}
NEARLY: Dict[str, Any] = {"sure": 1.1, "nearly": 0.0, "most_sure": 1.1, "clear_lead": 0.0}
UNSURE: Dict[str, Any] = {"sure": 1.1, "nearly": 1.1, "most_sure": 1.1, "clear_lead": 0.0}
TIED: Dict[str, Any] = {"sure": 0.0, "nearly": 0.0, "most_sure": 0.0, "clear_lead": 1000.0}  # every second hit is about as likely as the first


@pytest.fixture(scope="session")
def index(library: Library) -> Index:
    return Index(library, Ranking.read())


@pytest.fixture
def desk(index: Index) -> Iterator[Callable[..., Counter]]:
    """Makes a counter over the tiny knowledge that is as sure as the test wants."""
    before = index.ranking

    def made(level: Dict[str, Any] = SURE) -> Counter:
        index.ranking = replace(before, **level)
        return Counter(index)

    yield made
    index.ranking = before


@dataclass
class Said:
    """What an action did: the messages, and the slots it set."""

    messages: List[Dict[str, Any]]
    slots: Dict[str, Any]

    @property
    def replies(self) -> List[str]:
        return [message["response"] for message in self.messages]

    @property
    def cards(self) -> List[Dict[str, Any]]:
        return [message["custom"] for message in self.messages if message["custom"]]

    @property
    def texts(self) -> List[str]:
        """What the person reads, as the Rasa server makes it of the messages."""
        return [rendered(message) for message in self.messages]

    def everything(self) -> str:
        return json.dumps([self.messages, self.texts], ensure_ascii=False)


@lru_cache(maxsize=1)
def _nlg() -> LanguageFirstNLG:
    return LanguageFirstNLG(None, Domain.load(str(ROOT / "domain.yml")))


def rendered(message: Dict[str, Any]) -> str:
    """The text of one message."""
    return str(_nlg().reply(message["response"], message["language"], "collector", message)["text"])


class Conversation:
    """Messages to actions as Rasa would pass them on; slots are kept between them."""

    def __init__(self) -> None:
        self.slots: Dict[str, Any] = {}
        self.events: List[Dict[str, Any]] = []

    def say(
        self,
        action: Action,
        text: str,
        language: str | None = "en",
        intent: str = "unclear",
        asked: str | None = None,
        metadata: Dict[str, Any] | None = None,
        **understood: Any,
    ) -> Said:
        parsed = {
            "text": text,
            "intent": {"name": intent, "confidence": 0.9},
            "intent_ranking": [{"name": intent, "confidence": 0.9}],
            "entities": [],
            "language": {"code": language, "asked": asked},
            **understood,
        }
        self.events.append({"event": "user", "text": text, "parse_data": parsed, "metadata": metadata or {}})
        dispatcher = CollectingDispatcher()
        tracker = Tracker("ann", dict(self.slots), parsed, list(self.events), False, None, {}, "action_listen")
        events = asyncio.run(action.run(dispatcher, tracker, {}))
        slots = {event["name"]: event["value"] for event in events}
        assert all(event["event"] == "slot" for event in events)
        json.dumps(events)  # they travel to Rasa as JSON
        self.slots.update(slots)
        return Said(dispatcher.messages, slots)


@pytest.fixture
def talk(tmp_path_factory: pytest.TempPathFactory, library: Library, index: Index, monkeypatch: pytest.MonkeyPatch) -> Iterator[Conversation]:
    """A conversation with an action server that knows the tiny knowledge and is sure of its answers."""
    folder = tmp_path_factory.mktemp("served")
    Store(f"sqlite:///{folder / 'knowledge.db'}").load(library)
    monkeypatch.setenv("MADOGUCHI_DATABASE_URL", f"sqlite:///{folder / 'knowledge.db'}")
    monkeypatch.setenv("MADOGUCHI_CACHE", str(folder / "cache"))
    monkeypatch.setattr("knowledge.search.index_file.Index", lambda *_: index)
    monkeypatch.setattr("knowledge.search.index_file._write", lambda *_: None)
    counter.cache_clear()
    before = index.ranking
    how_sure(SURE)
    yield Conversation()
    index.ranking = before
    counter.cache_clear()


def how_sure(level: Dict[str, Any]) -> None:
    """Sets how sure the counter of the running actions is."""
    index = counter().index
    index.ranking = replace(index.ranking, **level)
