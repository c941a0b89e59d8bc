"""Words, offsets and sounds of texts in both scripts."""

from __future__ import annotations

import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.analysis import MAX_TEXT, fold, has_japanese, in_kana, is_romaji, normalised, sound, tokens
from knowledge.settings import ROOT

PLAIN = "abz N2 '-.,?!。、在留資格変更ざいりゅうカードー0129０２９ＡｂＺ　ｶｻﾊﾞﾟﾞｰ㍻①Ⅲﬁ～〜\u3099\u0301\u200b\x00🙂👩\u200d👧\n"
writing = st.text(alphabet=PLAIN, max_size=40)
clusters = st.lists(
    st.sampled_from([*"abz N2 '-.?。、在留資格ざいりゅうカードー0９Ｚｶｻ～🙂\n", "ｶﾞ", "ﾊﾟ", "ヒ\u3099", "e\u0301", "Ⅲ", "①", "\u200b "]), max_size=40
).map("".join)
anything = st.text(max_size=60)


@given(clusters)
def test_offsets_point_at_what_was_typed(text: str) -> None:
    for word in tokens(text):
        assert fold(text[word.start : word.end]).text == word.text


@given(st.one_of(writing, anything))
def test_offsets_of_any_script_hold_the_word(text: str) -> None:
    for word in tokens(text):
        assert 0 <= word.start < word.end <= len(text)
        assert word.text in fold(text[word.start : word.end]).text  # ﷺ is one character and four words


@given(st.one_of(writing, anything))
def test_offsets_are_monotone(text: str) -> None:
    words = tokens(text)
    assert all(one.start <= two.start and one.end <= two.end for one, two in zip(words, words[1:]))
    folded = fold(text)
    assert list(folded.starts) == sorted(folded.starts)
    assert list(folded.ends) == sorted(folded.ends)
    assert len(folded.text) == len(folded.starts) == len(folded.ends)


@given(writing)
def test_folding_covers_the_whole_text(text: str) -> None:
    folded = fold(text)
    if text:
        assert folded.span(0, len(folded.text)) == (0, len(text))
    assert all(start < end for start, end in zip(folded.starts, folded.ends))


@given(writing)
def test_nothing_that_is_written_gets_lost(text: str) -> None:
    covered = {place for word in tokens(text) for place in range(word.start, word.end)}
    assert all(not character.isalnum() for place, character in enumerate(text) if place not in covered)


@given(anything)
def test_normalised_is_stable_and_has_no_control_characters(text: str) -> None:
    plain = normalised(text)
    assert normalised(plain) == plain
    assert not any(unicodedata.category(character) == "Cc" for character in plain)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ｶﾞｲｺｸｼﾞﾝ", [("ガイコクジン", "ｶﾞｲｺｸｼﾞﾝ")]),
        ("２０２６ fee", [("2026", "２０２６"), ("fee", "fee")]),
        ("ＣＯＥ", [("COE", "ＣＯＥ")]),
        ("cafe\u0301 visa", [("café", "cafe\u0301"), ("visa", "visa")]),
        ("ヒ\u3099サ\u3099", [("ビザ", "ヒ\u3099サ\u3099")]),
        ("在留\u200bカード", [("在留", "在留"), ("カード", "カード")]),
        ("my 在留カード", [("my", "my"), ("在留", "在留"), ("カード", "カード")]),
        ("JETROの", [("JETRO", "JETRO"), ("の", "の")]),
    ],
)
def test_words_and_the_characters_they_stand_for(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(word.text, text[word.start : word.end]) for word in tokens(text)] == expected


@pytest.mark.parametrize("text", ["", " ", "　\n\t", "\u200b\u200b", "\x00"])
def test_a_text_without_words_has_none(text: str) -> None:
    assert tokens(text) == []


def test_only_the_beginning_of_a_very_long_text_is_read() -> None:
    assert max(word.end for word in tokens("在留カード lost " * 1000)) <= MAX_TEXT


@pytest.mark.parametrize(
    ("text", "lemma"), [("documents", "document"), ("renewing", "renew"), ("辞めました", "辞める"), ("ビザ", "ビザ"), ("東京", "東京")]
)
def test_lemmas(text: str, lemma: str) -> None:
    assert tokens(text)[0].lemma == lemma


def test_a_japanese_word_without_meaning_is_not_content() -> None:
    assert [word.text for word in tokens("在留カードはどうですか") if word.content] == ["在留", "カード"]
    assert [word.text for word in tokens("ビザについて教えてください") if word.content] == ["ビザ"]


@pytest.mark.parametrize(
    "text",
    [
        "zairyuu kaado o nakushimashita",
        "biza no koushin wa doko desu ka",
        "konnichiwa",
        "shigoto o yametai",
        "zairyu shikaku nani",
        "eijuu shinsei ni hitsuyou na shorui wa nan desu ka",
        "nihon de hataraku",
        "nenkin ikura",
        "ryūgaku no shikaku",
        "ohayou gozaimasu",
        "arigatou gozaimasu",
        "zairyu card otoshita",
        "visa kireta dou shiyou",
        "passport nakushita",
        "kaisha ga passport kaeshite kurenai",
        "kyou no tenki",
        "visa encho dekiru?",
        "manager ga salary payment shite kurenai",
    ],
)
def test_japanese_in_latin_letters(text: str) -> None:
    assert is_romaji(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "OK",
        "N2?",
        "123",
        "I lost my card",
        "made to go",
        "tokyo",
        "my baito is hard",
        "can I do arubaito",
        "where is the shinsei",
        "tokutei ginou 2 building cleaning, contract nearly over",
        "three months pregnant on tokutei ginou, contract ends in may",
        "i want to move from factory ginou jisshu to tokutei ginou",
        "do no more",
        "hi there",
        "saya mau visa",
        "Anita Rita",
        "necesito visa",
        "my data, toyota",
        "visita familia",
        "在留カード",
    ],
)
def test_what_is_not_japanese_in_latin_letters(text: str) -> None:
    assert not is_romaji(text)


def test_romaji_in_kana() -> None:
    assert in_kana("visa kireta, dou shiyou?") == "ビザ きれた, どう しよう?"
    assert in_kana("kaisha wa ryūgaku o ...") == "かいしゃ は りゅうがく を ..."
    assert in_kana("want N2 在留") == "want N2 在留"


@pytest.mark.parametrize("spellings", [("なくした", "失くした", "無くした"), ("こども", "子ども", "子供"), ("もらえない", "貰えない")])
def test_spellings_of_a_word_have_one_entry(spellings: tuple[str, ...]) -> None:
    assert len({tokens(text)[0].entry for text in spellings}) == 1


def test_loan_words_and_names_of_places_stay_as_written() -> None:
    assert [word.entry for word in tokens("ビザ 東京 renewing")] == ["ビザ", "東京", "renew"]


def key(text: str) -> str:
    return sound(tokens(text)).replace(" ", "")


@pytest.mark.parametrize(
    "spellings",
    [
        ["在留カード", "ざいりゅうかーど", "ザイリュウカード", "ｻﾞｲﾘｭｳｶｰﾄﾞ", "zairyuu kaado", "zairyu kado", "zairyū kādo", "ZAIRYU KADO"],
        ["特定技能", "tokutei ginou", "tokutei gino", "tokutei ginō"],
        ["就労", "しゅうろう", "shuurou", "syuurou", "shūrō"],
        ["家族滞在", "かぞくたいざい", "カゾクタイザイ", "kazoku taizai"],
    ],
    ids=lambda spellings: spellings[0],
)
def test_spellings_that_sound_the_same(spellings: list[str]) -> None:
    assert {key(text) for text in spellings} == {key(spellings[0])}
    assert key(spellings[0])


@pytest.mark.xfail(
    strict=True, reason="analysis.sound: MeCab reads 財留カード as zai-tome-kado, though `sound` and names.py promise the wrong conversion 財留カード"
)
def test_a_wrong_conversion_sounds_the_same() -> None:
    assert key("財留カード") == key("在留カード")


def test_kana_cut_in_the_middle_of_a_long_vowel_sounds_the_same() -> None:
    assert key("とくていぎのう") == key("特定技能")


def test_different_words_sound_different() -> None:
    assert len({key(text) for text in ("在留カード", "再入国", "就労", "家族滞在", "特定技能", "技能実習")}) == 6


@pytest.mark.parametrize(
    ("text", "expected"), [("ビザ", True), ("my ｶｰﾄﾞ", True), ("永住", True), ("々", True), ("visa", False), ("", False), ("１２", False)]
)
def test_has_japanese(text: str, expected: bool) -> None:
    assert has_japanese(text) is expected


def test_korean_is_not_japanese() -> None:
    assert not has_japanese("한국어")


def test_words_are_found_without_tensorflow() -> None:
    code = "import sys; from knowledge.analysis import tokens; tokens('residence card'); print('tensorflow' in sys.modules, 'spacy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
