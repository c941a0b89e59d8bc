"""`make evaluate`: asks the running bot every question of this folder and prints how well it answered.

Columns, by language and topic:
  at once      the first reply holds every fact that a right answer needs (or is of the kind expected)
  one tap      at once, or after tapping one of the buttons offered
  beside       the bot gave an answer as sure, and it held not the facts needed
  false        the reply says something that the question's `not` list marks as false
"""

from __future__ import annotations

import argparse
import sys
import uuid
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterable

import requests
import yaml

from knowledge.expectations import Expectation, read_expectations
from knowledge.languages import languages
from launch.house import house

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
KINDS = {
    "out_of_scope": ["utter_out_of_scope"], "greet": ["utter_greet"], "thanks": ["utter_welcome"],
    "goodbye": ["utter_goodbye"], "bot": ["utter_identity"],
    "languages": ["utter_languages", "utter_language_switched"], "insult": ["utter_insult"],
}  # fmt: skip


@dataclass
class Outcome:
    """How one question went."""

    question: Expectation
    at_once: bool
    one_tap: bool
    beside: bool
    false: bool
    text: str
    units: list[str] = field(default_factory=list)


class Bot:
    """The running bot, over its REST channel."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/webhooks/rest/webhook"
        self._session = requests.Session()

    def talk(self, *texts: str) -> list[dict[str, Any]]:
        """A new conversation; the replies to its last message."""
        sender = f"evaluate-{uuid.uuid4().hex}"
        replies: list[dict[str, Any]] = []
        for text in texts:
            response = self._session.post(self._url, json={"sender": sender, "message": text}, timeout=60)
            response.raise_for_status()
            replies = response.json()
        return replies


def judge(bot: Bot, question: Expectation, kinds: dict[str, list[str]]) -> Outcome:
    """Asks one question, and taps the buttons when the first reply does not hold the answer."""
    replies = bot.talk(question.ask)
    text = text_of(replies)
    right = is_right(question, replies, kinds)
    cards = [message["custom"]["answer"] for message in replies if "answer" in (message.get("custom") or {})]
    titles = [button["title"] for message in replies for button in message.get("buttons") or []]
    one_tap = right or any(is_right(question, bot.talk(question.ask, title), kinds) for title in titles)
    return Outcome(question, right, one_tap, bool(cards) and not right, question.contradicted_by(text), text, [card["unit"] for card in cards])


def text_of(replies: Iterable[dict[str, Any]]) -> str:
    """All that was said, without buttons and cards."""
    return "\n".join(message["text"] for message in replies if message.get("text"))


def is_right(question: Expectation, replies: list[dict[str, Any]], kinds: dict[str, list[str]]) -> bool:
    """Whether the replies are what the question needs."""
    if question.expect == "handoff":
        return any("handoff" in (message.get("custom") or {}) for message in replies)
    if question.expect:
        starts = kinds.get(question.expect, [])
        return any(message.get("text", "").startswith(start) for message in replies for start in starts)
    return question.met_by(text_of(replies))


def fixed_texts() -> dict[str, list[str]]:
    """How the fixed replies of domain.yml begin, by kind."""
    responses = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))["responses"]
    return {kind: [one["text"].split("{")[0].strip()[:40] for name in names for one in responses[name]] for kind, names in KINDS.items()}


def table(outcomes: list[Outcome]) -> str:
    """The figures by language and topic."""
    groups: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[outcome.question.language, outcome.question.topic].append(outcome)
        groups[outcome.question.language, "all"].append(outcome)
    lines = [f"{'':4}{'topic':14}{'n':>5}{'at once':>10}{'one tap':>10}{'beside':>10}{'false':>8}"]
    for (language, topic), found in sorted(groups.items(), key=lambda one: (one[0][0], one[0][1] == "all", one[0][1])):
        shares = [sum(getattr(one, name) for one in found) / len(found) for name in ("at_once", "one_tap", "beside", "false")]
        lines.append(f"{language:4}{topic:14}{len(found):>5}" + "".join(f"{share:>10.1%}" for share in shares[:3]) + f"{shares[3]:>8.1%}")
    return "\n".join(lines)


def main() -> int:
    """Runs all questions. Returns 1 when the bot is not running."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default=house().rasa_url)
    parser.add_argument("--folder", type=Path, default=HERE)
    parser.add_argument("--missed", action="store_true", help="print every question that was not right at once")
    arguments = parser.parse_args()
    questions = [one for code in languages() for one in read_expectations(arguments.folder / f"{code}.yaml", code)]
    bot, kinds = Bot(arguments.url), fixed_texts()
    try:
        bot.talk("hello")
    except requests.RequestException:
        print(f"The bot does not answer at {arguments.url}. Start it in another terminal with: make run", file=sys.stderr)
        return 1
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda question: judge(bot, question, kinds), questions))
    if arguments.missed:
        for one in outcomes:
            if not one.at_once:
                print(f"{one.question.id} {'one tap' if one.one_tap else 'MISSED'} {one.question.ask!r}\n    {one.units} {one.text[:160]!r}")
    print(table(outcomes))
    return 0


if __name__ == "__main__":
    sys.exit(main())
