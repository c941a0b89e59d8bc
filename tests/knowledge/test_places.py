"""Where somebody says that they are, in their own words."""

from __future__ import annotations

from typing import Optional

import pytest

from knowledge.places import ABROAD, JAPAN, whereabouts


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("I'm in Nepal and would like to work in Tokyo", ABROAD),
        ("we live in Ho Chi Minh City", ABROAD),
        ("currently living in the UK", ABROAD),
        ("I'm from India, but I live in Nagoya", JAPAN),
        ("I am a student in Sendai", JAPAN),
        ("フィリピンに住んでいます。大阪で介護の仕事をしたいです", ABROAD),
        ("今インドネシアにいます", ABROAD),
        ("京都で働いています", JAPAN),
        ("ハノイ在住のエンジニアです", ABROAD),
        ("I want to work in Japan", None),
        ("I was born in Peru", None),
        ("my wife is in China", None),
        ("妻はモンゴルにいます", None),
        ("日本で働きたいです", None),
        ("日本語を勉強しています", None),
        ("タイミングが悪いです", None),
        ("", None),
    ],
)
def test_what_is_said_unasked(text: str, place: Optional[str]) -> None:
    assert whereabouts(text) == place


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Sapporo", JAPAN),
        ("here, in Hiroshima", JAPAN),
        ("Brazil", ABROAD),
        ("Manila, Philippines", ABROAD),
        ("妻はモンゴルにいます", ABROAD),
        ("台湾です", ABROAD),
        ("Oregon", ABROAD),
        ("still in Brisbane, Queensland", ABROAD),
        ("バクニン省です", ABROAD),
        ("大田区に住んでいます", None),
        ("名古屋", JAPAN),
        ("I was in Mumbai, now in Osaka", JAPAN),
        ("I am outside Japan", ABROAD),
        ("I'm not in Japan yet", ABROAD),
        ("outside of Japan, in Peru", ABROAD),
        ("日本の外です", ABROAD),
        ("まだ日本にはいません", ABROAD),
        ("日本国外に住んでいます", ABROAD),
        ("not in Vietnam any more", None),
        ("韓国人です", None),
        ("I want to go to Tokyo", None),
    ],
)
def test_what_answers_the_question(text: str, place: Optional[str]) -> None:
    assert whereabouts(text, asked=True) == place
