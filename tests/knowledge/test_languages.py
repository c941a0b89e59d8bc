"""Which text is shown when one is missing, and which language to reply in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from knowledge.documents import read_document
from knowledge.languages import CONTENT, DEFAULT, in_language, languages, reply_language


@pytest.mark.parametrize(
    ("texts", "code", "expected"),
    [
        ({"en": "fee", "ja": "手数料"}, "ja", "手数料"),
        ({"en": "fee"}, "ja", "fee"),
        ({"ja": "手数料"}, "en", "手数料"),
        ({"en": "fee", "ja": "手数料"}, "vi", "fee"),  # not in the table: any text is better than none
        ({"vi": "lệ phí"}, "ja", "lệ phí"),
    ],
)
def test_a_missing_text_falls_back(texts: dict[str, str], code: str, expected: str) -> None:
    assert in_language(texts, code) == expected


def test_no_text_at_all_is_an_error() -> None:
    with pytest.raises(KeyError):
        in_language({}, "en")


def test_every_fallback_is_a_language_of_the_table() -> None:
    assert {language.fallback for language in languages().values()} <= set(languages())


def test_a_third_language_is_one_more_entry(tmp_path: Path) -> None:
    rows = read_document(CONTENT / "languages.yaml").data
    vietnamese = {**rows[0], "code": "vi", "name": "Tiếng Việt", "fallback": "en", "complete": False}
    (tmp_path / "languages.yaml").write_text(yaml.safe_dump([*rows, vietnamese]), encoding="utf-8")
    assert list(languages(tmp_path)) == [*languages(), "vi"]
    assert languages(tmp_path)["vi"].name == "Tiếng Việt"


def message(code: str | None = None, asked: str | None = None, hint: str | None = None) -> dict[str, Any]:
    return {"language": {"code": code, "asked": asked}, "metadata": {"language": hint} if hint else {}}


@pytest.mark.parametrize(
    ("parsed", "slots", "earlier", "expected"),
    [
        (message("ja"), {"language": "en"}, [], "ja"),
        (message("en"), {"language": "ja"}, [], "en"),
        # a request for a language wins, at once and later, until there is another one
        (message("en", asked="ja"), {"language": "en"}, [], "ja"),
        (message("en"), {"language": "ja", "asked_language": "ja"}, [], "ja"),
        (message("ja", asked="en"), {"language": "ja", "asked_language": "ja"}, [], "en"),
        # "OK", "N2?": the language of what the person wrote before, the last one first
        (message(), {"language": "en"}, [message("ja"), message("en")], "ja"),
        (message(), {}, [message(), message("ja")], "ja"),
        (message(), {"language": "ja"}, [], "ja"),
        # the connector's hint counts only while nothing has been said in a language
        (message(hint="ja-JP"), {}, [], "ja"),
        (message(hint="JA"), {}, [], "ja"),
        (message(hint="ja"), {"language": "en"}, [], "en"),
        (message("en", hint="ja"), {}, [], "en"),
        # languages nobody speaks here
        (message("vi"), {"language": "ja"}, [], "ja"),
        (message("vi"), {}, [message("ja")], "ja"),
        (message("vi", asked="vi", hint="vi"), {"asked_language": "vi", "language": "vi"}, [], DEFAULT),
        (message(), {}, [], DEFAULT),
        ({}, {}, [{}], DEFAULT),
        ({"language": None, "metadata": None}, {}, [{"language": None}], DEFAULT),
        ({"metadata": {"language": 7}}, {}, [], DEFAULT),
    ],
)
def test_reply_language(parsed: dict[str, Any], slots: dict[str, Any], earlier: list[dict[str, Any]], expected: str) -> None:
    assert reply_language(parsed, slots, earlier) == expected
