"""Who speaks."""

from __future__ import annotations

import pytest

from knowledge.speaker import EMPLOYER, PERSON, speaker_of


@pytest.mark.parametrize(
    ("text", "speaker"),
    [
        ("Our guy's residence card expired last Tuesday", EMPLOYER),
        ("hiring a student who graduates in March", EMPLOYER),
        ("can we keep him on while the renewal is pending", EMPLOYER),
        ("明日辞めますと言われた", EMPLOYER),
        ("介護施設でフィリピンから採用", EMPLOYER),
        ("留学生を雇うとき何を見ればいいですか", EMPLOYER),
        ("my boss keeps my passport", PERSON),
        ("my company won't give me the papers for the renewal", PERSON),
        ("i quit last week", PERSON),
        ("会社に辞めろと言われた", PERSON),
        ("店長が給料を払ってくれない", PERSON),
        ("わたしのビザはどうなりますか", PERSON),
        ("companies hiring foreign workers in Osaka", None),
        ("our daughter was born yesterday", None),
        ("外国人を採用している会社", None),
        ("how much is the renewal", None),
        ("更新の手数料は", None),
    ],
)
def test_who_speaks(text: str, speaker: str | None) -> None:
    assert speaker_of(text) == speaker
