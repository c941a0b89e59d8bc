"""The printable checklists: both languages side by side, a text file, and clear refusals."""

from __future__ import annotations

import datetime as dt
import re
from html import unescape

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from knowledge.articles import Library
from knowledge.documents import read_document
from knowledge.languages import languages
from pages import checklists
from pages.rendering import HERE

PAGE = "/pages/checklists/engineer?procedure=change&category=3&extra=language"


@pytest.fixture(scope="module")
def browser(real: Library) -> TestClient:
    return TestClient(Starlette(routes=[Mount("/pages", routes=checklists.routes(lambda: real, lambda: dt.date(2026, 11, 22)))]))


@pytest.mark.parametrize("language", list(languages()))
def test_both_languages_stand_side_by_side(browser: TestClient, language: str) -> None:
    answer = browser.get(f"{PAGE}&lang={language}")
    assert answer.status_code == 200 and f'<html lang="{language}">' in answer.text
    for text in (
        "Proof of degree or experience",
        "学歴または職歴を証明する文書",
        "The employer brings",
        "会社（所属機関）が用意",
        "gijinkoku.html",
        "September 16, 2026",
    ):
        assert text in unescape(answer.text)
    columns = re.findall(r'<th scope="col" lang="(\w+)">', answer.text)
    assert columns[0] == language and set(columns) == set(languages())
    assert answer.text.count('type="checkbox"') == 13 - 1


def test_nothing_in_the_page_needs_more_than_its_own_site(browser: TestClient) -> None:
    text = browser.get(PAGE).text
    assert "<script" not in text and "style=" not in text and " onclick" not in text
    assert set(re.findall(r'(?:src|<link[^>]* href)="([^"]+)"', text)) == {"/pages/static/listings.css", "/pages/static/checklists.css"}


def test_the_text_file_has_both_languages_and_boxes(browser: TestClient) -> None:
    answer = browser.get(PAGE.replace("engineer?", "engineer.txt?"))
    assert answer.headers["content-type"].startswith("text/plain") and 'filename="engineer.txt"' in answer.headers["content-disposition"]
    assert answer.text.count("[ ] ") == 12 and "登記事項証明書" in answer.text and "Certificate of company registry" in answer.text
    assert "https://www.moj.go.jp/isa/applications/status/gijinkoku.html" in answer.text


def test_every_list_of_the_index_opens(browser: TestClient) -> None:
    for language in languages():
        index = browser.get(f"/pages/checklists?lang={language}")
        links = [unescape(link) for link in re.findall(r'href="(/pages/checklists/[^"]+)"', index.text)]
        assert len(links) > 50
        assert [link for link in links if browser.get(link).status_code != 200] == []


def test_what_is_not_verified_says_so(browser: TestClient) -> None:
    assert "could not be verified" in browser.get("/pages/checklists/other_work?procedure=coe&lang=en").text
    assert "could not be verified" not in browser.get(f"{PAGE}&lang=en").text
    assert "the page itself was not read" in browser.get("/pages/checklists/da46?procedure=coe&lang=en").text


@pytest.mark.parametrize(
    ("address", "status", "text"),
    [
        ("/pages/checklists/astronaut?lang=en", 404, "no such checklist"),
        ("/pages/checklists/engineer?lang=en", 400, "coe, change, extension"),
        ("/pages/checklists/engineer?procedure=coe&category=9&lang=en", 400, "category"),
        ("/pages/checklists/engineer?procedure=coe&x=%3Cscript%3E&lang=en", 400, "none of"),
        ("/pages/checklists/engineer.txt?procedure=moon&lang=ja", 400, "読み取れません"),
        ("/pages/checklists/engineer?procedure=coe&" + "extra=dispatch&" * 30, 400, "at most"),
    ],
)
def test_refusals_say_why(browser: TestClient, address: str, status: int, text: str) -> None:
    answer = browser.get(address)
    assert answer.status_code == status and text in answer.text and "text/plain" in answer.headers["content-type"]


def test_every_text_is_there_in_every_language_with_the_same_fields() -> None:
    for key, texts in read_document(HERE / "texts" / "checklists.yaml").data.items():
        fields = [set(re.findall(r"{(\w+)}", text)) for text in texts.values()]
        assert set(texts) >= {code for code, language in languages().items() if language.complete}, key
        assert all(one == fields[0] for one in fields), key
