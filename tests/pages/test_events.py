"""The public pages and calendars with events and companies."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, Iterator

import icalendar
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from knowledge.documents import read_document
from knowledge.languages import languages
from knowledge.listings.store import Listings
from knowledge.listings.wishes import Wish
from knowledge.listings.wording import feed_address
from pages import companies, events
from pages.rendering import HERE
from tests.knowledge.listings.samples import CALENDAR, NOW, TODAY, company, event

COMPANIES = (company("nagoya-it"), company("naha-hotel", prefectures=("okinawa",), fields=("hospitality",)))
EVERYTHING = ["cancelled", "kyoto-jan", "online-dec", "osaka-dec", "osaka-nov-over", "osaka-seminar-dec", "osaka-tour-feb", "tokyo-dec"]
SHARP = '<script>alert("x")</script>'


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Listings]:
    listings = Listings(f"sqlite:///{tmp_path / 'listings.db'}")
    listings.load_curated([*CALENDAR, event("cancelled", cancelled=True)], COMPANIES, NOW)
    yield listings
    listings.close()


@pytest.fixture
def browser(store: Listings) -> TestClient:
    routes = [*events.routes(lambda: store, lambda: NOW), *companies.routes(lambda: store, lambda: TODAY)]
    return TestClient(Starlette(routes=[Mount("/pages", routes=routes)]))


def summaries(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/calendar")
    return [str(part["SUMMARY"]) for part in icalendar.Calendar.from_ical(answer.content).walk("VEVENT")]


# --- calendars -------------------------------------------------------------------------------------------------------------------


def test_one_event_as_a_file(browser: TestClient) -> None:
    answer = browser.get("/pages/events/osaka-dec.ics?lang=ja")
    assert summaries(answer) == ["フェア osaka-dec"]
    assert answer.headers["content-disposition"] == 'attachment; filename="osaka-dec.ics"'


@pytest.mark.parametrize("event_id", ["no-such", "fukuoka-yearly", "..%2F..%2Fetc"])
def test_what_is_not_there_is_404_with_words(browser: TestClient, event_id: str) -> None:
    answer = browser.get(f"/pages/events/{event_id}.ics")
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?lang=en", EVERYTHING),
        ("?place=kyoto", ["kyoto-jan", "online-dec"]),
        ("?place=kinki&kind=fair", ["cancelled", "kyoto-jan", "online-dec", "osaka-dec", "osaka-nov-over"]),
        ("?online=1", ["online-dec"]),
        ("?kind=seminar&level=N3", []),
        ("?kind=seminar&level=N2", ["osaka-seminar-dec"]),
        ("?kind=seminar&kind=study_tour", ["osaka-seminar-dec", "osaka-tour-feb"]),
        ("?place=&kind=", EVERYTHING),
        ("?from=2027-01-01&until=2027-01-31", ["kyoto-jan"]),
    ],
)
def test_a_feed_holds_what_its_filter_says(browser: TestClient, query: str, expected: list[str]) -> None:
    assert summaries(browser.get(f"/pages/events.ics{query}")) == [f"Fair {one}" for one in expected]


def test_what_is_long_over_leaves_the_feed(store: Listings) -> None:
    later = TestClient(Starlette(routes=events.routes(lambda: store, lambda: NOW + dt.timedelta(days=20))))
    assert "Fair osaka-nov-over" not in summaries(later.get("/events.ics"))


BAD = ["place=atlantis", "kind=party", "online=maybe", "level=N6", "from=tomorrow", "colour=red", "&".join(["place=osaka"] * 31), f"place={SHARP}"]


@pytest.mark.parametrize("query", BAD)
@pytest.mark.parametrize("path", ["/pages/events", "/pages/events.ics"])
def test_a_filter_that_is_none_is_400_with_a_reason(browser: TestClient, path: str, query: str) -> None:
    answer = browser.get(f"{path}?{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/plain")
    assert len(answer.text) > 20


def test_a_calendar_that_has_it_already_gets_304(browser: TestClient) -> None:
    first = browser.get("/pages/events.ics?place=osaka")
    again = browser.get("/pages/events.ics?place=osaka", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert browser.get("/pages/events.ics?place=tokyo", headers={"if-none-match": first.headers["etag"]}).status_code == 200


def test_the_bots_address_of_a_feed_is_read_as_it_was_meant() -> None:
    wish = Wish(places=("osaka", "kyushu"), online=True, kinds=("fair",), audiences=("student",), languages=("en",), level="N3", free=True)
    query = feed_address(wish, "ja").partition("?")[2]
    assert events.wish_in([tuple(pair.split("=")) for pair in query.split("&")]) == wish  # type: ignore[misc]


# --- pages -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", languages())
def test_the_page_shows_everything_of_an_event(browser: TestClient, language: str) -> None:
    answer = browser.get(f"/pages/events?lang={language}")
    assert answer.status_code == 200
    assert f'<html lang="{language}">' in answer.text
    assert answer.text.count("<article") == len(CALENDAR) + 1
    assert 'href="/pages/events/osaka-dec.ics?lang=' in answer.text
    assert 'href="/pages/events.ics?lang=' in answer.text


def test_over_and_cancelled_are_said(browser: TestClient) -> None:
    text = browser.get("/pages/events?lang=en").text
    assert text.count("This event is over.") == 1
    assert text.count("Cancelled by the organiser") == 1


def test_when_nothing_fits_the_page_says_so_and_shows_the_nearest(browser: TestClient) -> None:
    text = browser.get("/pages/events?lang=en&place=hokkaido&kind=seminar").text
    assert "No coming event that fits" in text
    assert "osaka-seminar-dec" in text


def test_the_language_comes_from_the_browser_when_the_address_has_none(browser: TestClient) -> None:
    assert '<html lang="ja">' in browser.get("/pages/events", headers={"accept-language": "fr, ja;q=0.8, en;q=0.5"}).text


def test_texts_of_feeds_are_shown_as_text(store: Listings, browser: TestClient) -> None:
    store.load_curated([event("sharp", title={"en": SHARP}, organiser={"en": SHARP})], [], NOW)
    text = browser.get("/pages/events?lang=en").text
    assert SHARP not in text
    assert "&lt;script&gt;" in text


def test_nothing_on_the_pages_needs_an_inline_script_or_style(browser: TestClient) -> None:
    for path in ("/pages/events", "/pages/companies"):
        text = browser.get(path).text
        assert "<script" not in text
        assert "style=" not in text


def test_companies(browser: TestClient) -> None:
    assert browser.get("/pages/companies?lang=en").text.count("<article") == 2
    text = browser.get("/pages/companies?lang=en&place=okinawa").text
    assert "Company naha-hotel" in text
    assert "Company nagoya-it" not in text
    assert "not a job offer" in text
    assert "No company that fits" in browser.get("/pages/companies?lang=en&field=care").text
    assert browser.get("/pages/companies?field=nonsense").status_code == 400


@pytest.mark.parametrize("name", ["events", "companies"])
def test_every_text_is_there_in_every_language(name: str) -> None:
    table = read_document(HERE / "texts" / f"{name}.yaml").data
    assert {key for key, found in table.items() if set(found) != set(languages())} == set()
