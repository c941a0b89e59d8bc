"""The measures themselves: a dialogue is judged as it should be, days are filled in, and the figures of the intents are right."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Dict, List

import pytest

from knowledge.documents import ContentError
from knowledge.expectations import Expectation
from tests.quality.dialogues import Dialogue, Reply, answer_to, hold, read_dialogues, table, transcript, with_days
from tests.quality.intents import Labelled, confusions, figures, read_intents, report

TODAY = dt.date(2026, 11, 22)
SCRIPT = """\
- id: one
  topic: points
  person:
  - [degree, master's]
  - ['old|age', '33']
  turns:
  - say: count my points, my visa ends {+100}
    facts: [[degree]]
    not: [salary]
  - fill: true
    card: points
    facts: [[85, eighty-five]]
  - say: thanks
    expect: thanks
    reply_in: en
"""
RIGHT: Dict[str, Reply] = {
    "count my points, my visa ends March 2, 2027": [{"text": "Which degree do you have?"}],
    "master's": [{"text": "How old are you?"}],
    "33": [{"text": "You have 85 points."}, {"custom": {"points": {"total": 85}}}],
    "thanks": [{"text": "You are welcome."}],
}


def dialogue(folder: Path, text: str = SCRIPT) -> Dialogue:
    path = folder / "en.yaml"
    path.write_text(text, encoding="utf-8")
    return read_dialogues(path, "en")[0]


def is_kind(wanted: Expectation, replies: Reply) -> bool:
    return wanted.expect == "thanks" and replies[0]["text"].startswith("You are welcome")


def held(script: Dialogue, bot: Dict[str, Reply]) -> List[bool]:
    return hold(script, lambda text: bot.get(text, [{"text": "I could not read that."}]), is_kind, TODAY).right


def test_a_dialogue_that_goes_well(tmp_path: Path) -> None:
    assert held(dialogue(tmp_path), RIGHT) == [True, True, True]


@pytest.mark.parametrize(
    ("said", "replies", "right"),
    [
        ("33", [{"text": "You have 80 points."}, {"custom": {"points": {"total": 80}}}], [True, False, True]),
        ("33", [{"text": "You have 85 points."}], [True, False, True]),
        ("33", [], [True, False, True]),
        ("thanks", [{"text": "どういたしまして。"}], [True, True, False]),
        ("thanks", [{"text": "Which degree?"}], [True, True, False]),
        ("count my points, my visa ends March 2, 2027", [{"text": "Which degree do you have, and which salary?"}], [False, True, True]),
        ("master's", [{"text": "Where do you live?"}], [True, False, True]),
    ],
)  # fmt: skip
def test_a_turn_that_goes_wrong(tmp_path: Path, said: str, replies: Reply, right: List[bool]) -> None:
    assert held(dialogue(tmp_path), {**RIGHT, said: replies}) == right


def test_a_form_without_an_end_is_left(tmp_path: Path) -> None:
    assert held(dialogue(tmp_path), {**RIGHT, "master's": [{"text": "Which degree?"}]}) == [True, False, True]


def test_questions_alone_are_answered(tmp_path: Path) -> None:
    person = dialogue(tmp_path).person
    assert answer_to(person, [{"text": "What is your AGE?"}]) == "33"
    assert answer_to(person, [{"text": "Your age is noted."}]) is None
    assert answer_to(person, [{"text": "Where do you live?"}]) is None
    assert answer_to(person, []) is None


def test_the_table_counts_dialogues_and_turns(tmp_path: Path) -> None:
    script = dialogue(tmp_path)
    good = hold(script, lambda text: RIGHT[text], is_kind, TODAY)
    bad = hold(script, lambda text: [{"text": "no"}], is_kind, TODAY)
    last = table([good, bad]).splitlines()[-1].split()
    assert last == ["en", "all", "2", "50.0%", "6", "50.0%"]
    assert transcript(bad).startswith("one wrong in turn 1, 2, 3")


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("{+0}", "en", "November 22, 2026"),
        ("{-5}, {+100}", "en", "November 17, 2026, March 2, 2027"),
        ("{+189-3m}", "ja", "2027年2月28日"),
        ("a {b}", "en", "a {b}"),
    ],
)
def test_days_are_filled_in(text: str, language: str, expected: str) -> None:
    assert with_days(text, language, TODAY) == expected


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  - say: thanks\n    expect: thanks\n    reply_in: en\n", "  - say: thanks\n", "is not valid under any of the given schemas"),
        ("[degree, master's]", "['(degree', master's]", "is not a regular expression"),
        ("- fill: true", "- fill: true\n    say: x", "is valid under each of"),
        ("topic: points", "theme: points", "'topic' is a required property"),
    ],
)
def test_a_fault_in_a_dialogue_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(ContentError, match=message):
        dialogue(tmp_path, SCRIPT.replace(old, new))


ROWS = [Labelled("a", "greet", "en"), Labelled("b", "greet", "en"), Labelled("c", "thank", "en"), Labelled("d", "thank", "ja")]


def test_the_figures_of_the_intents() -> None:
    found = {one.intent: (one.count, one.precision, one.recall) for one in figures(ROWS, ["greet", "thank", "thank", "deny"])}
    assert found == {"greet": (2, 1.0, 0.5), "thank": (2, 0.5, 0.5), "deny": (0, 0.0, 0.0)}
    assert confusions(ROWS, ["greet", "thank", "thank", "deny"]) == [("greet", "thank", 1), ("thank", "deny", 1)]


def test_the_report_names_languages_and_confusions() -> None:
    lines = report(ROWS, ["greet", "thank", "thank", "deny"]).splitlines()
    assert "accuracy en: 66.7% of 3" in lines
    assert "accuracy ja: 0.0% of 1" in lines
    assert lines[-1].endswith("greet as thank 1; thank as deny 1")


def test_labelled_messages_are_read(tmp_path: Path) -> None:
    path = tmp_path / "intents.en.yaml"
    path.write_text("greet:\n- hi\n- hello\n", encoding="utf-8")
    assert read_intents(path, "en") == [Labelled("hi", "greet", "en"), Labelled("hello", "greet", "en")]
    path.write_text("greet:\n- hi\n- hi\n", encoding="utf-8")
    with pytest.raises(ContentError, match="non-unique"):
        read_intents(path, "en")
