"""Loading is idempotent, all or nothing, and what comes out is what went in."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from knowledge import store as store_module
from knowledge.articles import Library
from knowledge.content_reader import read_library
from knowledge.documents import ContentError
from knowledge.store import Store, current_library, version_of
from tests import tiny


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'knowledge.db'}"


def without(library: Library, article: str) -> Library:
    return dataclasses.replace(library, articles={key: one for key, one in library.articles.items() if key != article})


def test_the_library_comes_out_as_it_went_in(url: str, library: Library) -> None:
    Store(url).load(library)
    assert Store(url).library() == library


def test_loading_twice_writes_once(url: str, library: Library) -> None:
    first, second = Store(url).load(library), Store(url).load(library)
    assert (first.changed, second.changed) == (True, False)
    assert first.version == second.version == Store(url).version()
    assert (second.articles, second.units) == (len(library.articles), len(library.units))


def test_loading_brings_the_database_to_exactly_this_content(url: str, library: Library) -> None:
    Store(url).load(library)
    assert Store(url).load(without(library, "warning-broker")).changed
    assert Store(url).library() == without(library, "warning-broker")


def test_a_load_that_breaks_half_way_changes_nothing(url: str, library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    Store(url).load(library)
    rows = store_module._rows

    def half(other: Library) -> list[Any]:
        good = rows(other)
        return [*good, type(good[0])(id=None)]  # a row that the database refuses, after good ones

    monkeypatch.setattr(store_module, "_rows", half)
    with pytest.raises(Exception, match=r"(?i)null"):
        Store(url).load(without(library, "warning-broker"))
    assert Store(url).library() == library
    assert Store(url).version() == version_of(library)


def test_a_set_with_one_fault_is_not_read_at_all(content: Path, url: str, library: Library) -> None:
    Store(url).load(library)
    (content / tiny.CARD).write_text(tiny.FILES[tiny.CARD].replace("aspect: lost", "aspect: colour"), encoding="utf-8")
    with pytest.raises(ContentError):
        Store(url).load(read_library(content))
    assert Store(url).library() == library


def test_the_version_follows_the_content_and_nothing_else(content: Path, library: Library) -> None:
    assert version_of(read_library(content)) == version_of(library)
    (content / tiny.CARD).write_text(tiny.FILES[tiny.CARD].replace("the age of 16", "the age of 15"), encoding="utf-8")
    assert version_of(read_library(content)) != version_of(library)


def test_an_empty_database_says_what_to_do(url: str) -> None:
    assert Store(url).version() == ""
    with pytest.raises(LookupError, match="make knowledge"):
        Store(url).library()


def test_the_current_library_is_read_once_for_each_version(url: str, content: Path, library: Library) -> None:
    Store(url).load(library)
    first = current_library(url)
    assert current_library(url) is first
    (content / tiny.CARD).write_text(tiny.FILES[tiny.CARD].replace("the age of 16", "the age of 15"), encoding="utf-8")
    Store(url).load(read_library(content))
    assert current_library(url) == read_library(content) != first


def test_the_current_library_is_the_loaded_one(url: str, library: Library) -> None:
    Store(url).load(library)
    assert current_library(url) == library
