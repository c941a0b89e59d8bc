"""The calendar file of a person's deadlines."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any, Iterator
from unittest.mock import Mock

import pytest
from icalendar import Calendar
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.testclient import TestClient

from gateway.logs import JsonLines
from gateway.web.guard import Guard
from knowledge.documents import read_document
from knowledge.guides.deadlines import calendar_address, deadlines_of, rules
from knowledge.languages import languages
from knowledge.settings import ROOT
from pages import reminders

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.timezone.utc)


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(Starlette(routes=[Mount("/pages", routes=reminders.routes(lambda: NOW))])) as found:
        yield found


def entries(content: bytes) -> list[Any]:
    return list(Calendar.from_ical(content).walk("VEVENT"))


@pytest.mark.parametrize("language", languages())
def test_the_address_in_a_reply_gives_the_file(client: TestClient, language: str) -> None:
    address = calendar_address([(rules().kinds["expiry"], dt.date(2027, 3, 3)), (rules().kinds["moved"], dt.date(2026, 11, 20))], language)
    response = client.get(address)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/calendar")
    assert response.headers["cache-control"] == "no-store"
    found = {one["summary"]: one.start for one in entries(response.content)}
    kinds = rules().kinds
    assert found == {
        one.rule.title[language]: one.day
        for kind, said in ((kinds["expiry"], dt.date(2027, 3, 3)), (kinds["moved"], dt.date(2026, 11, 20)))
        for one in deadlines_of(kind, said, rules())
    }


def test_every_rule_makes_an_entry_that_a_calendar_can_read() -> None:
    for language in languages():
        for kind in rules().kinds.values():
            due = deadlines_of(kind, dt.date(2027, 1, 31), rules())
            for one, entry in zip(due, entries(reminders.calendar_of(due, language, rules(), NOW))):
                assert entry.start == one.day
                assert entry.end - entry.start == dt.timedelta(days=1)
                assert one.rule.why[language] in entry["description"]
                assert str(entry["class"]) == "PRIVATE"
                assert {"UID", "DTSTAMP"} <= set(entry)
                assert len(entry.walk("VALARM")) == len(one.rule.remind)


def test_reminders_ring_before_the_last_working_day() -> None:
    """3 January 2027 is a Sunday in the New Year's rest: the last working day is 28 December."""
    due = [one for one in deadlines_of(rules().kinds["moved"], dt.date(2026, 12, 20), rules()) if one.rule.id == "address"]
    assert due[0].day == dt.date(2027, 1, 3)
    (entry,) = entries(reminders.calendar_of(due, "en", rules(), NOW))
    assert "go by December 28, 2026" in entry["description"]
    rings = [dt.datetime.combine(entry.start, dt.time()) + alarm["trigger"].dt for alarm in entry.walk("VALARM")]
    assert rings == [dt.datetime(2026, 12, 21, 9), dt.datetime(2026, 12, 27, 9)]


def test_the_same_deadline_keeps_its_id_and_another_has_its_own() -> None:
    def ids(said: dt.date) -> list[str]:
        return [str(one["uid"]) for one in entries(reminders.calendar_of(deadlines_of(rules().kinds["baby"], said, rules()), "en", rules(), NOW))]

    one, again, other = ids(dt.date(2027, 1, 31)), ids(dt.date(2027, 1, 31)), ids(dt.date(2027, 2, 1))
    assert one == again
    assert len(set(one)) == len(one)
    assert not set(one) & set(other)


def test_what_is_over_is_left_out(client: TestClient) -> None:
    response = client.get("/pages/reminders.ics?baby=2026-11-01")
    assert [one.start for one in entries(response.content)] == [dt.date(2026, 12, 1), dt.date(2026, 12, 31)]
    response = client.get("/pages/reminders.ics?lang=ja&moved=2020-01-01")
    assert response.status_code == 404
    assert response.text.startswith("どの日も過ぎている")


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("", "name something that happens"),
        ("lang=en", "name something that happens"),
        ("wedding=2027-01-01", "'wedding' is none of: expiry"),
        ("expiry=2027-02-30", "day is out of range"),
        ("expiry=3%20March", "is not a date of the form"),
        ("expiry=", "is not a date of the form"),
        ("expiry=9999-12-31", "is not between"),
        ("expiry=2027-03-03&" * 30, "at most 11 days"),
        ("<script>=1", "is none of"),
    ],
)
def test_an_address_that_cannot_be_read_is_refused_with_the_reason(client: TestClient, query: str, reason: str) -> None:
    response = client.get(f"/pages/reminders.ics?{query.strip('&')}")
    assert response.status_code == 400
    assert response.headers["content-type"].startswith("text/plain")
    assert reason in response.text


def test_a_language_that_is_not_spoken_gives_the_first_one(client: TestClient) -> None:
    assert "You can apply" in client.get("/pages/reminders.ics?lang=xx&expiry=2027-06-30").text


def test_no_log_line_and_no_figure_holds_a_date(caplog: pytest.LogCaptureFixture) -> None:
    metrics = Mock()
    guarded = Starlette(routes=[Mount("/pages", routes=reminders.routes(lambda: NOW))], middleware=[Middleware(Guard, metrics=metrics)])
    with caplog.at_level(logging.DEBUG, logger="gateway"), TestClient(guarded) as client:
        assert client.get("/pages/reminders.ics?expiry=2027-03-03").status_code == 200
        assert client.get("/pages/reminders.ics?expiry=2027-99-03").status_code == 400
    lines = [JsonLines().format(record) for record in caplog.records if record.name.startswith("gateway")]
    assert len(lines) == 2
    assert not any("2027" in line or "expiry" in line for line in lines)
    assert [call.args for call in metrics.requests.labels.call_args_list] == [("reminders", "200"), ("reminders", "400")]


def test_every_word_has_every_language() -> None:
    table = read_document(ROOT / "pages" / "texts" / "reminders.yaml").data
    assert {name for name, texts in table.items() if set(texts) != set(languages())} == set()
