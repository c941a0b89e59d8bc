"""The search, on the tiny knowledge: behaviour that any weights must give."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.articles import Library
from knowledge.search import index_file
from knowledge.search.index import Index
from knowledge.search.index_file import index_of
from knowledge.search.ranking import Ranking
from knowledge.store import version_of
from tests import tiny
from tests.tiny import ascii_start


@pytest.fixture(scope="module")
def index(library: Library) -> Index:
    return Index(library, Ranking.read())


def first(index: Index, question: str, language: str, *subjects: str) -> str:
    return index.search(question, language, subjects).hits[0].unit


def test_every_question_is_among_the_first_for_its_own_unit(index: Index) -> None:
    # That it is the first one is asked of the real content (tests/content).
    for unit in index.library.units.values():
        for language in unit.question:
            for question in (unit.question[language], *unit.asked[language]):
                assert unit.key in [hit.unit for hit in index.search(question, language).hits[:3]], question


@pytest.mark.parametrize(
    ("question", "language", "expected"),
    [
        ("how much is the extension", "en", "procedure-extension#price"),
        ("how much is the dependent visa", "en", "status-dependent#price"),
        ("期間更新の手数料", "ja", "procedure-extension#price"),
        ("家族滞在の手数料", "ja", "status-dependent#price"),
        ("papers for the extension", "en", "procedure-extension#papers"),
        ("papers for a dependent", "en", "status-dependent#papers"),
    ],
)
def test_the_named_subject_wins(index: Index, question: str, language: str, expected: str) -> None:
    assert first(index, question, language) == expected


@pytest.mark.parametrize("subject", ["procedure-extension", "status-dependent"])
@pytest.mark.parametrize(("question", "language"), [("how much does it cost?", "en"), ("いくらですか", "ja"), ("手数料は", "ja")])
def test_a_question_without_a_subject_takes_the_carried_one(index: Index, subject: str, question: str, language: str) -> None:
    assert index.follow_up(question, language, subject).hits[0].unit == f"{subject}#price"


def test_what_was_told_last_comes_later_when_the_conversation_goes_on(index: Index) -> None:
    told = index.follow_up("and what else?", "en", "status-dependent", "status-dependent#price")
    before = index.follow_up("and what else?", "en", "status-dependent")
    score = {name: {hit.unit: hit.score for hit in found.hits} for name, found in (("told", told), ("before", before))}
    assert score["told"]["status-dependent#price"] < score["before"]["status-dependent#price"]
    assert score["told"]["status-dependent#papers"] == score["before"]["status-dependent#papers"]


def test_a_named_subject_wins_over_the_carried_one(index: Index) -> None:
    assert first(index, "how much is the extension?", "en", "status-dependent") == "procedure-extension#price"


@pytest.mark.parametrize(
    ("question", "language", "article"),
    [
        ("I lost my 在留カード", "en", "procedure-residence-card"),
        ("what is 家族滞在?", "en", "status-dependent"),
        ("residence cardをなくした", "ja", "procedure-residence-card"),
        ("student visaで働きたい", "ja", "status-student"),
        ("zairyuu kaado o nakushimashita", "ja", "procedure-residence-card"),
        ("ざいりゅうかーどなくした", "ja", "procedure-residence-card"),
        ("かぞくたいざいのしょるい", "ja", "status-dependent"),
    ],
)
def test_names_of_the_other_language_and_script(index: Index, question: str, language: str, article: str) -> None:
    found = index.search(question, language)
    assert found.hits[0].unit.startswith(f"{article}#")
    assert article in [target for mention in found.mentions for target in mention.targets]


def test_a_name_in_latin_letters_is_the_same_word_in_a_question_and_in_the_collection(index: Index) -> None:
    for text in ("i lost my zairyu kado", "zairyu kado wo naku shita"):
        asked, stored = index.reader.read(text, query=True), index.reader.read(text)
        assert asked.bags == stored.bags
        assert "在留" in asked.bags["lemma"]


@pytest.mark.parametrize(
    ("slip", "right"),
    [
        ("i lost my resdience card", "i lost my residence card"),
        ("how much is the extention", "how much is the extension"),
        ("depedent visa papers", "dependent visa papers"),
    ],
)
def test_a_typing_slip_changes_nothing(index: Index, slip: str, right: str) -> None:
    assert first(index, slip, "en") == first(index, right, "en")


def test_a_story_first_and_the_question_last(index: Index) -> None:
    story = "Hello! My wife came from Cairo in March. We live in a small town and like it. How much is the extension?"
    assert first(index, story, "en") == "procedure-extension#price"


def test_certainty_is_a_probability_and_higher_for_what_is_known(index: Index) -> None:
    known, odd = index.search("How much is the extension?", "en").certainty, index.search("xylophone zebra", "en").certainty
    assert 0 <= odd < known <= 1


def test_hits_are_sorted_without_doubles_and_limited(index: Index) -> None:
    hits = index.search("papers and fee? how much is it? which papers?", "en", limit=3).hits
    assert len(hits) <= 3
    assert len({hit.unit for hit in hits}) == len(hits)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_the_likely_aspect_helps(index: Index) -> None:
    plain, aspect = (index.search("dependent", "en", aspects=aspects).hits for aspects in ({}, {"fee": 1.0}))
    rank = [[hit.unit for hit in hits].index("status-dependent#price") for hits in (plain, aspect)]
    assert rank[1] <= rank[0]


@pytest.mark.parametrize("text", tiny.ODD_MESSAGES, ids=ascii_start)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_odd_messages_cause_no_error(index: Index, text: str, language: str) -> None:
    assert 0 <= index.search(text, language).certainty <= 1


@settings(max_examples=30)
@given(st.text(max_size=30), st.sampled_from(["en", "ja"]))
def test_no_text_causes_an_error(index: Index, text: str, language: str) -> None:
    found = index.search(text, language, ["status-dependent", "no-such-article"])
    assert all(hit.unit in index.library.units for hit in found.hits)


QUESTIONS = [
    ("how much is the extension", "en"),
    ("在留カードをなくした", "ja"),
    ("zairyuu kaado", "ja"),
    ("i lost my resdience card", "en"),
    ("weather", "en"),
]


def test_a_pickled_index_gives_the_same_hits(index: Index) -> None:
    other: Index = pickle.loads(pickle.dumps(index))
    for question, language in QUESTIONS:
        one, two = index.search(question, language), other.search(question, language)
        assert (one.hits, one.certainty, one.mentions) == (two.hits, two.certainty, two.mentions)


def test_the_index_file_is_read_when_it_is_there(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built = index_of(library, version_of(library), tmp_path)
    monkeypatch.setattr(index_file, "Index", None)  # building one more would fail
    read = index_of(library, version_of(library), tmp_path)
    assert [read.search(*one).hits for one in QUESTIONS] == [built.search(*one).hits for one in QUESTIONS]
    with pytest.raises(TypeError):
        index_of(library, "another version", tmp_path)


@pytest.mark.parametrize("share", [0.001, 0.6, 0.9])
def test_a_file_cut_short_is_made_again(library: Library, tmp_path: Path, share: float) -> None:
    index_of(library, "one", tmp_path)
    (path,) = tmp_path.glob("index-*.pickle")
    whole = path.read_bytes()
    path.unlink()  # the first index still reads it
    path.write_bytes(whole[: int(len(whole) * share)])
    assert index_of(library, "one", tmp_path).search("extension fee", "en").hits
    assert len(path.read_bytes()) == len(whole)


def test_old_index_files_are_removed(library: Library, tmp_path: Path) -> None:
    for version in ("one", "two", "three", "four"):
        index_of(library, version, tmp_path)
    assert len(list(tmp_path.iterdir())) < 4
