"""Subjects found by the names people use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.analysis import tokens
from knowledge.articles import Library
from knowledge.search.names import NameTable, PhraseTable, choice_names, subject_names

NAMES = [
    ("residence card", "card"),
    ("card", "any-card"),
    ("在留カード", "card"),
    ("永住", "permanent"),
    ("永住許可", "permission"),
    ("PR", "permanent"),
    ("J-Find", "j-find"),
    ("N1", "n1"),
    ("特定技能1号", "ssw-1"),
    ("特定技能", "ssw"),
    ("家族滞在", "dependent"),
    ("technical intern", "old"),
    ("technical intern", "new"),
    ("process", "process"),
    ("worker's card", "worker"),
]
TABLE = NameTable(NAMES)


def found(text: str) -> list[tuple[str, str]]:
    return [(mention.text, mention.targets[0]) for mention in TABLE.find(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("my residence card", [("residence card", "card")]),  # the longest, not "card"
        ("永住許可の申請", [("永住許可", "permission")]),
        ("特定技能１号から特定技能２号へ", [("特定技能１号", "ssw-1"), ("特定技能", "ssw")]),
        ("residence cards and cards", [("residence cards", "card"), ("cards", "any-card")]),
        ("processes", [("processes", "process")]),
        ("a RESIDENCE\nCARD", [("RESIDENCE\nCARD", "card")]),
        ("residence-card", [("residence-card", "card")]),
        ("j find, J-FIND", [("j find", "j-find"), ("J-FIND", "j-find")]),
        ("ｒｅｓｉｄｅｎｃｅ　ｃａｒｄ", [("ｒｅｓｉｄｅｎｃｅ　ｃａｒｄ", "card")]),
        ("worker’s card", [("worker’s card", "worker")]),
        # Latin names need word edges; Japanese beside them is an edge
        ("PRの申請", [("PR", "permanent")]),
        ("申請PR", [("PR", "permanent")]),
        ("(PR)", [("PR", "permanent")]),
        ("sprint, PRs, PR1", [("PRs", "permanent")]),
        ("cardboard discard cardigan", []),
        ("N10 xN1", []),
        ("永住permit", [("永住", "permanent")]),
        # lower-casing that changes the length must not shift what follows
        ("İİ ß PR", [("PR", "permanent")]),
        ("", []),
        ("🙂", []),
    ],
)
def test_names_as_they_are_written(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text", ["ざいりゅうかーど", "ザイリュウカード", "ｻﾞｲﾘｭｳｶｰﾄﾞ", "zairyuu kaado", "zairyu kado", "zairyū kādo", "在留 カード", "zairyuukaado"]
)
def test_names_by_sound(text: str) -> None:
    (mention,) = TABLE.find(f"{text} o nakushita" if text.isascii() else f"{text}をなくした")
    assert (mention.targets, mention.by_sound) == (("card",), True)
    assert mention.text == text


@pytest.mark.xfail(strict=True, reason="names.py promises the wrong conversion 財留カード; its reading differs (see test_analysis)")
def test_a_wrong_conversion_is_found_by_sound() -> None:
    assert found("財留カードをなくした")


def test_two_spaces_inside_a_name() -> None:
    assert found("my residence  card") == [("residence  card", "card")]
    assert found("İ  my   residence \n card  and  PR") == [("residence \n card", "card"), ("PR", "permanent")]


@pytest.mark.parametrize("text", ["とくていぎのう", "tokutei ginou", "tokutē ginō"])
def test_a_long_vowel_cut_apart_is_found_by_sound(text: str) -> None:
    assert found(f"{text}のビザ") == [(text, "ssw")]


def test_what_is_written_wins_over_what_only_sounds_so() -> None:
    assert [mention.by_sound for mention in TABLE.find("在留カード")] == [False]


def test_one_name_of_two_things_keeps_both_in_order() -> None:
    (mention,) = TABLE.find("technical interns")
    assert mention.targets == ("old", "new")


@given(st.text(alphabet="abprcd residence在留カードｶｰﾄﾞ１号特定技能永住許可İß'-、 ", max_size=40))
def test_mentions_point_at_the_text_in_order_and_do_not_overlap(text: str) -> None:
    mentions = TABLE.find(text)
    assert all(text[mention.start : mention.end] == mention.text for mention in mentions)
    assert all(one.end <= two.start for one, two in zip(mentions, mentions[1:]))


@given(st.sampled_from(NAMES), st.sampled_from(["", "what about ", "私の"]), st.sampled_from(["", "?", "について"]))
def test_every_name_is_found_in_a_sentence(pair: tuple[str, str], before: str, after: str) -> None:
    mentions = TABLE.find(before + pair[0] + after)
    assert any(pair[1] in mention.targets and mention.start == len(before) for mention in mentions)


def test_subjects_and_choices_of_a_library(library: Library) -> None:
    subjects, choices = NameTable(subject_names(library)), NameTable(choice_names(library))
    assert subjects.find("在留期間の更新について")[0].targets == ("procedure-extension",)  # its title
    assert subjects.find("my dependent visa")[0].targets == ("status-dependent",)
    assert choices.find("ビザ")[0].targets == ("visa",)


def test_phrases_are_found_by_their_lemmas_and_inside_longer_ones() -> None:
    table = PhraseTable([("lose", "lose"), ("change job", "job"), ("change", "change"), ("なくす", "lose"), ("届け出る", "notify")])
    assert table.find(tokens("I lost it")) == ["lose"]
    assert sorted(table.find(tokens("changing jobs"))) == ["change", "job"]
    assert table.find(tokens("カードをなくしました")) == ["lose"]
    assert table.find(tokens("nothing of it")) == []


def test_names_in_kana_or_latin_letters_tell_how_they_are_written() -> None:
    table = NameTable([("在留カード", "card"), ("ざいりゅうかーど", "card"), ("家族", "family"), ("かぞく", "family"), ("fee", "fee")])
    texts = ("ざいりゅうカード", "zairyuu kaado", "在留カード", "家族", "fee")
    written = {text: [table.written(mention) for mention in table.find(text)] for text in texts}
    assert written == {"ざいりゅうカード": ["在留カード"], "zairyuu kaado": ["在留カード"], "在留カード": [""], "家族": [""], "fee": [""]}
