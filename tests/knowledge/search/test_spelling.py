from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.search.spelling import Speller

WORDS = ["residence", "permanent", "documents", "document", "passport", "company", "visa", "lost", "extension"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("residnce", "residence"),
        ("resdience", "residence"),
        ("permenant", "permanent"),
        ("pasport", "passport"),
        ("passprot", "passport"),
        ("compnay", "company"),
        ("extention", "extension"),
        ("Residnce", "residence"),
    ],
)
def test_slips_are_mended(typed: str, meant: str) -> None:
    assert Speller(WORDS).mend(typed) == meant


@pytest.mark.parametrize(
    "typed", ["residence", "Passport", "documented", "companys", "visas", "vias", "lots", "tokyo", "naruto", "zairyuu", "weather", "", "在留", "123"]
)
def test_known_short_and_unlike_words_stay(typed: str) -> None:
    assert Speller(WORDS).mend(typed) == typed


@pytest.mark.parametrize("typed", ["shaking", "shaken", "renewing", "renewed", "shares"])
def test_forms_of_known_words_are_no_slips_of_others(typed: str) -> None:
    assert Speller(["shake", "sharing", "renew", "renewal", "shaken", "share", "shapes"]).mend(typed) == typed


@given(st.sampled_from(WORDS))
def test_a_known_word_is_never_changed(word: str) -> None:
    assert Speller(WORDS).mend(word) == word


@given(st.text(max_size=12))
def test_what_comes_out_is_known_or_what_went_in(text: str) -> None:
    assert Speller(WORDS).mend(text) in {text, *WORDS}


def test_it_knows_nothing_without_words() -> None:
    assert Speller([]).mend("residnce") == "residnce"
