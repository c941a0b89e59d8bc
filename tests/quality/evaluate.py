"""`make evaluate`: measures the running bot in three ways, on what it has never seen, and prints how well it did.

Questions (en.yaml, ja.yaml; with `--folder tests/quality/exam` those of a later writer, who had seen nothing of the project). Columns, by language
and topic:
  at once      the first reply holds every fact that a right answer needs (or is of the kind expected)
  one tap      at once, or after tapping one of the buttons offered
  beside       the bot gave an answer as sure, and it held not the facts needed
  false        the reply says something that the question's `not` list marks as false
Dialogues of several turns (dialogues/): dialogues right in full, and turns right, by language and topic; see tests/quality/dialogues.py.
Intents (intents.en.yaml, intents.ja.yaml): precision, recall and F1 of each, and the worst confusions; see tests/quality/intents.py.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import uuid
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import yaml

from knowledge.expectations import Expectation, read_expectations
from knowledge.languages import languages
from launch.house import house
from launch.model import model_path
from tests.quality import dialogues, intents

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
KINDS = {
    "out_of_scope": ["utter_out_of_scope"], "greet": ["utter_greet"], "thanks": ["utter_welcome"],
    "goodbye": ["utter_goodbye"], "bot": ["utter_identity"],
    "languages": ["utter_languages", "utter_language_switched"], "insult": ["utter_insult"], "apology": ["utter_apology"],
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

    def conversation(self) -> dialogues.Talk:
        """A new conversation: what takes a message and gives the replies."""
        sender = f"evaluate-{uuid.uuid4().hex}"

        def say(text: str) -> list[dict[str, Any]]:
            response = self._session.post(self._url, json={"sender": sender, "message": text}, timeout=60)
            response.raise_for_status()
            replies: list[dict[str, Any]] = response.json()
            return replies

        return say

    def talk(self, *texts: str) -> list[dict[str, Any]]:
        """The replies to the last message of a new conversation."""
        say = self.conversation()
        return [say(text) for text in texts][-1]


def judge(bot: Bot, question: Expectation, kinds: dict[str, list[str]]) -> Outcome:
    """Asks one question, and taps the buttons when the first reply does not hold the answer."""
    replies = bot.talk(question.ask)
    text = dialogues.text_of(replies)
    right = is_right(question, replies, kinds)
    cards = [message["custom"]["answer"] for message in replies if "answer" in (message.get("custom") or {})]
    titles = [button["title"] for message in replies for button in message.get("buttons") or []]
    one_tap = right or any(is_right(question, bot.talk(question.ask, title), kinds) for title in titles)
    return Outcome(question, right, one_tap, bool(cards) and not right, question.contradicted_by(text), text, [card["unit"] for card in cards])


def is_right(question: Expectation, replies: list[dict[str, Any]], kinds: dict[str, list[str]]) -> bool:
    """Whether the replies are what the question needs."""
    if question.expect == "handoff":
        return any("handoff" in (message.get("custom") or {}) for message in replies)
    if question.expect:
        starts = kinds.get(question.expect, [])
        return any(message.get("text", "").startswith(start) for message in replies for start in starts)
    return question.met_by(dialogues.text_of(replies))


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


def ask_questions(bot: Bot, folder: Path, missed: bool) -> str:
    """Asks every question; the table."""
    questions, kinds = [one for code in languages() for one in read_expectations(folder / f"{code}.yaml", code)], fixed_texts()
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda question: judge(bot, question, kinds), questions))
    for one in outcomes:
        if missed and not one.at_once:
            print(f"{one.question.id} {'one tap' if one.one_tap else 'MISSED'} {one.question.ask!r}\n    {one.units} {one.text[:160]!r}")
    return table(outcomes)


def hold_dialogues(bot: Bot, folder: Path, missed: bool) -> str:
    """Holds every dialogue; the table."""
    kinds, today = fixed_texts(), dt.date.today()
    scripts = [one for code in languages() for one in dialogues.read_dialogues(folder / "dialogues" / f"{code}.yaml", code)]

    def is_kind(wanted: Expectation, replies: dialogues.Reply) -> bool:
        return is_right(wanted, replies, kinds)

    with ThreadPoolExecutor(4) as pool:
        held = list(pool.map(lambda script: dialogues.hold(script, bot.conversation(), is_kind, today), scripts))
    sorry = [said for one in held for said, text in one.transcript if text.startswith(tuple(kinds["apology"]))]
    for one in held:
        if missed and not one.in_full:
            print(dialogues.transcript(one))
    note = f"\n{len(sorry)} messages were answered with the bot's apology; its logs in var/log say why. The first: {sorry[0]!r}" if sorry else ""
    return dialogues.table(held) + note


def recognise_intents(model: Path, folder: Path, missed: bool) -> str:
    """Puts every labelled message through the model; the report. Raises LookupError when there is no such model."""
    if not model.exists():
        raise LookupError(f"There is no model {model.name}, which belongs to the present data and configuration. Train it with: make train")
    rows = [one for code in languages() for one in intents.read_intents(folder / f"intents.{code}.yaml", code)]
    said = intents.classified([row.text for row in rows], model)
    for row, one in zip(rows, said):
        if missed and row.intent != one:
            print(f"{row.language} {row.intent} taken for {one}: {row.text!r}")
    return intents.report(rows, said)


def main() -> int:
    """Runs all three. Returns 1 when the bot is not running, or not trained."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default=house().rasa_url)
    parser.add_argument("--folder", type=Path, default=HERE)
    parser.add_argument("--model", type=Path, default=model_path(), help="the model whose intents are measured")
    parser.add_argument("--missed", action="store_true", help="print everything that was not right at once")
    parser.add_argument("--only", choices=("questions", "dialogues", "intents"), help="one of the three")
    arguments = parser.parse_args()
    bot, wanted = Bot(arguments.url), [arguments.only] if arguments.only else ["questions", "dialogues", "intents"]
    try:
        if wanted != ["intents"]:
            bot.talk("hello")
    except requests.RequestException:
        print(f"The bot does not answer at {arguments.url}. Start it in another terminal with: make run", file=sys.stderr)
        return 1
    try:
        for name in wanted:
            report = {
                "questions": lambda: ask_questions(bot, arguments.folder, arguments.missed),
                "dialogues": lambda: hold_dialogues(bot, arguments.folder, arguments.missed),
                "intents": lambda: recognise_intents(arguments.model, arguments.folder, arguments.missed),
            }[name]()
            print(f"\n{name.capitalize()}\n{report}", flush=True)
    except LookupError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
