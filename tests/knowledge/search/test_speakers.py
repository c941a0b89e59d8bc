"""Who asks, on the real concepts and articles."""

from __future__ import annotations

import pytest

from knowledge.content_reader import read_library
from knowledge.search.index import reader_of
from knowledge.search.speakers import COMPANY, WORKER, side_of, written_for_company
from knowledge.search.terms import TermReader


@pytest.fixture(scope="module")
def reader() -> TermReader:
    return reader_of(read_library())


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("Our engineer from Nepal handed in his notice, what must we file?", 1),
        ("we would like to hire a cook from Thailand", 1),
        ("外国人の調理師を雇いたいです", 1),
        ("弊社の技術者の更新はだれがしますか", 1),
        ("my boss keeps my passport", -1),
        ("店長に更新の書類を頼んだのに書いてくれません", -1),
        ("how much is the renewal", 0),
        ("更新はいくらですか", 0),
        ("our staff asks whether my employer has to pay", 0),
    ],
)
def test_the_side_that_asks(reader: TermReader, text: str, side: int) -> None:
    assert side_of(reader.read(text).bags["concept"]) == side


def test_both_sides_are_concepts_and_both_are_written_for() -> None:
    library = read_library()
    assert {COMPANY, WORKER} <= set(library.concepts)
    assert {written_for_company(library.articles[unit.article], unit) for unit in library.units.values()} == {True, False}
