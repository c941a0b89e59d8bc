"""The measure itself: when does an answer hold the facts that a question needs?"""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.documents import ContentError
from knowledge.expectations import Expectation, read_expectations


@pytest.mark.parametrize(
    ("facts", "wrong", "text", "met"),
    [
        ((("14 days",),), (), "Within 14 DAYS.", True),
        ((("14 days", "two weeks"),), (), "In two weeks.", True),
        ((("14 days",), ("police",)), (), "Within 14 days.", False),  # all facts are needed
        ((("14日",),), (), "１４日以内", True),
        ((("/1[34] days/",),), (), "13 days", True),
        ((("14 days",),), ("free",), "14 days, free", False),
        ((), (), "anything", False),
    ],
)
def test_met(facts: tuple[tuple[str, ...], ...], wrong: tuple[str, ...], text: str, met: bool) -> None:
    assert Expectation("a", "t", "q", "en", facts, wrong).met_by(text) is met


@pytest.mark.parametrize(
    ("text", "line"),
    [("- {id: a, topic: t, ask: q}", 1), ("- {id: a, topic: t, ask: q, expect: handoff}\n- {id: b, topic: t, ask: q, facts: [['/(/']]}", 2)],
)
def test_faults_have_lines(tmp_path: Path, text: str, line: int) -> None:
    (tmp_path / "en.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ContentError) as raised:
        read_expectations(tmp_path / "en.yaml", "en")
    assert [fault.line for fault in raised.value.faults] == [line]
