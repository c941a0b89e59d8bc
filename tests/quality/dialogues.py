"""Conversations of several turns against the running bot: read, held, judged. `tests/quality/evaluate.py` runs them and prints the table.

A dialogue in dialogues/<language>.yaml has an `id`, a `topic` and `turns`. A turn either says something (`say`) or answers what a form asks
(`fill`), until what the turn expects has come or nothing is asked any more: the dialogue's `person` is a list of [pattern, answer], first match wins,
so that questions are answered whatever their order. What the last reply of a turn must be:
  facts       every one of these (each a list of alternatives) must stand in it
  not         none of these may stand in it
  expect      a fixed reply (greet, thanks, bot, out_of_scope … see evaluate.KINDS), or handoff
  card        the kind of structured card that must come with it (answer, points, checklist, events, deadlines, handoff …)
  reply_in    the language it must be in
{+120} in a text is the day in 120 days, {+120-3m} three months before that day, as the language writes dates.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Callable, Mapping, Optional, Sequence

from babel.dates import format_date
from dateutil.relativedelta import relativedelta

from knowledge.documents import ContentError, Fault, read_document, schema_faults
from knowledge.expectations import Expectation

HERE = Path(__file__).parent
FOLDER = HERE / "dialogues"
MOST_STEPS = 20  # answers to one form, before it counts as endless
_DAY = re.compile(r"\{([+-]\d+)(?:([+-]\d+)m)?\}")
_ASKS = re.compile(r"[?？]|か。")
_KANA = re.compile(r"[ぁ-ゖァ-ヺ]")
Reply = list[dict[str, Any]]
Talk = Callable[[str], Reply]


@dataclass(frozen=True)
class Turn:
    """One turn: what is said (None: the form is answered), and what the reply must be."""

    say: Optional[str]
    wanted: Expectation
    card: Optional[str] = None
    reply_in: Optional[str] = None


@dataclass(frozen=True)
class Dialogue:
    """One conversation. `person`: patterns of what the bot asks, with the answers."""

    id: str
    topic: str
    language: str
    turns: tuple[Turn, ...]
    person: tuple[tuple[re.Pattern[str], str], ...] = ()


@dataclass
class Held:
    """How a dialogue went: for each turn whether it was right, and what was said and replied."""

    dialogue: Dialogue
    right: list[bool] = field(default_factory=list)
    transcript: list[tuple[str, str]] = field(default_factory=list)

    @property
    def in_full(self) -> bool:
        """Whether every turn was right."""
        return all(self.right)


def hold(dialogue: Dialogue, talk: Talk, is_kind: Callable[[Expectation, Reply], bool], today: dt.date) -> Held:
    """Holds one dialogue. `talk` sends a message of this conversation; `is_kind` judges the fixed replies."""
    held, replies = Held(dialogue), list[dict[str, Any]]()
    for turn in dialogue.turns:
        if turn.say is None:
            replies = _filled(turn, partial(is_right, turn, is_kind=is_kind, today=today), talk, replies, held)
        else:
            said = with_days(turn.say, dialogue.language, today)
            replies = talk(said)
            held.transcript.append((said, text_of(replies)))
        held.right.append(is_right(turn, replies, is_kind, today))
    return held


def _filled(turn: Turn, right: Callable[[Reply], bool], talk: Talk, replies: Reply, held: Held) -> Reply:
    """Answers the form until its result has come, or nothing is asked any more."""
    for _ in range(MOST_STEPS):
        answer = answer_to(held.dialogue.person, replies)
        if answer is None or right(replies) or (turn.card and turn.card in cards_of(replies)):
            break
        replies = talk(answer)
        held.transcript.append((answer, text_of(replies)))
    return replies


def answer_to(person: Sequence[tuple[re.Pattern[str], str]], replies: Reply) -> Optional[str]:
    """What the person says to the last message of the bot; None when it asks nothing, or nothing that the person has an answer for."""
    asked = next((one["text"].lower() for one in reversed(replies) if one.get("text")), "")
    if not _ASKS.search(asked):
        return None
    return next((answer for pattern, answer in person if pattern.search(asked)), None)


def is_right(turn: Turn, replies: Reply, is_kind: Callable[[Expectation, Reply], bool], today: dt.date) -> bool:
    """Whether a reply is all that its turn wants."""
    wanted = _on_day(turn.wanted, today)
    text = text_of(replies)
    if not text or wanted.contradicted_by(text):
        return False
    if wanted.facts and not wanted.met_by(text):
        return False
    if wanted.expect and not is_kind(wanted, replies):
        return False
    if turn.card and turn.card not in cards_of(replies):
        return False
    return turn.reply_in is None or (_KANA.search(text) is not None) is (turn.reply_in == "ja")


def text_of(replies: Reply) -> str:
    """All that was said, without buttons and cards."""
    return "\n".join(message["text"] for message in replies if message.get("text"))


def cards_of(replies: Reply) -> set[str]:
    """The kinds of structured cards that came."""
    return {kind for message in replies for kind in message.get("custom") or {}}


def with_days(text: str, language: str, today: dt.date) -> str:
    """The text with its days filled in."""

    def written(match: re.Match[str]) -> str:
        day = today + dt.timedelta(days=int(match.group(1))) + relativedelta(months=int(match.group(2) or 0))
        return str(format_date(day, format="long", locale=language))

    return _DAY.sub(written, text)


def _on_day(wanted: Expectation, today: dt.date) -> Expectation:
    facts = tuple(tuple(with_days(one, wanted.language, today) for one in fact) for fact in wanted.facts)
    wrong = tuple(with_days(one, wanted.language, today) for one in wanted.wrong)
    return Expectation(wanted.id, wanted.topic, wanted.ask, wanted.language, facts, wrong, wanted.expect)


# --- the table --------------------------------------------------------------------------------------------------------------


def table(held: Sequence[Held]) -> str:
    """Dialogues right in full and turns right, by language and topic."""
    groups: dict[tuple[str, str], list[Held]] = {}
    for one in held:
        for topic in (one.dialogue.topic, "all"):
            groups.setdefault((one.dialogue.language, topic), []).append(one)
    lines = [f"{'':4}{'topic':14}{'dialogues':>10}{'in full':>10}{'turns':>8}{'right':>10}"]
    for (language, topic), found in sorted(groups.items(), key=lambda one: (one[0][0], one[0][1] == "all", one[0][1])):
        turns = [right for one in found for right in one.right]
        full = sum(one.in_full for one in found) / len(found)
        lines.append(f"{language:4}{topic:14}{len(found):>10}{full:>10.1%}{len(turns):>8}{sum(turns) / len(turns):>10.1%}")
    return "\n".join(lines)


def transcript(held: Held) -> str:
    """What was said, and which turns were wrong; for whoever looks into a dialogue that failed."""
    wrong = [place for place, right in enumerate(held.right, 1) if not right]
    lines = [f"{held.dialogue.id} wrong in turn {', '.join(map(str, wrong))}"]
    lines += [f"  > {said}\n  < {reply[:300]!r}" for said, reply in held.transcript]
    return "\n".join(lines)


# --- reading ----------------------------------------------------------------------------------------------------------------


def read_dialogues(path: Path, language: str) -> list[Dialogue]:
    """The dialogues of one file. Raises ContentError with the line of each fault."""
    document = read_document(path)
    faults: list[Fault] = schema_faults(document, _SCHEMA)
    if not faults:
        for place, row in enumerate(document.data):
            for index, (pattern, _) in enumerate(row.get("person", ())):
                try:
                    re.compile(pattern)
                except re.error as error:
                    faults.append(document.fault(f"'{pattern}' is not a regular expression: {error}", place, "person", index))
    if faults:
        raise ContentError(faults)
    return [_dialogue(row, language) for row in document.data]


def _dialogue(row: Mapping[str, Any], language: str) -> Dialogue:
    turns = tuple(_turn(f"{row['id']}.{place}", row["topic"], one, language) for place, one in enumerate(row["turns"], 1))
    person = tuple((re.compile(pattern), str(answer)) for pattern, answer in row.get("person", ()))
    return Dialogue(row["id"], row["topic"], language, turns, person)


def _turn(name: str, topic: str, row: Mapping[str, Any], language: str) -> Turn:
    facts = tuple(tuple(str(one) for one in fact) for fact in row.get("facts", ()))
    say = str(row["say"]) if "say" in row else None
    wanted = Expectation(name, topic, say or "", language, facts, tuple(map(str, row.get("not", ()))), row.get("expect"))
    return Turn(say, wanted, row.get("card"), row.get("reply_in"))


_TEXTS = {"type": "array", "minItems": 1, "items": {"type": ["string", "number"]}}
_SCHEMA = {
    "type": "array",
    "items": {
        "type": "object", "additionalProperties": False, "required": ["id", "topic", "turns"],
        "properties": {
            "id": {"type": "string"}, "topic": {"type": "string"},
            "person": {"type": "array", "items": {"type": "array", "minItems": 2, "maxItems": 2}},
            "turns": {
                "type": "array", "minItems": 2,
                "items": {
                    "type": "object", "additionalProperties": False,
                    "properties": {
                        "say": {"type": ["string", "number"]}, "fill": {"const": True}, "facts": {"type": "array", "items": _TEXTS}, "not": _TEXTS,
                        "expect": {"type": "string"}, "card": {"type": "string"}, "reply_in": {"type": "string"},
                    },
                    "oneOf": [{"required": ["say"]}, {"required": ["fill"]}],
                    "anyOf": [{"required": [name]} for name in ("facts", "not", "expect", "card", "reply_in")],
                },
            },
        },
    },
}  # fmt: skip
