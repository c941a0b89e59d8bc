"""Opening hours with Japan's holidays; the expected days are those of the Cabinet Office's calendar."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from gateway.errors import Invalid
from gateway.hours import Schedule, opening_status, public_holidays
from gateway.services import Services
from tests.gateway.world import TANAKA, HandClock, make_services, said, sqlite_url, write

TOKYO = dt.timezone(dt.timedelta(hours=9))
OFFICE = Schedule.of({"week": {day: ["09:30-12:00", "13:00-17:30"] for day in ("mon", "tue", "wed", "thu", "fri")}})


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=TOKYO)


@pytest.mark.parametrize(
    ("moment", "open_", "next_"),
    [
        ("2026-11-24 09:29", False, "2026-11-24 09:30"),
        ("2026-11-24 09:30", True, None),
        ("2026-11-24 12:00", False, "2026-11-24 13:00"),
        ("2026-11-24 17:30", False, "2026-11-25 09:30"),
        ("2026-11-20 18:00", False, "2026-11-24 09:30"),  # weekend, then Labour Thanksgiving Day on Monday the 23rd
        ("2026-05-01 18:00", False, "2026-05-07 09:30"),  # Golden Week 2026: Sunday the 3rd to Wednesday the 6th (substitute holiday)
        ("2026-09-18 18:00", False, "2026-09-24 09:30"),  # Monday, the day between (22nd), and the equinox: three holidays in a row
    ],
)
def test_opening(moment: str, open_: bool, next_: str) -> None:
    status = opening_status(OFFICE, {}, at(moment))
    assert status.open is open_
    assert status.next_opening == (at(next_).astimezone(dt.timezone.utc) if next_ else None)


def test_closure_and_reason() -> None:
    closures = {dt.date(2026, 12, 29 + n): {"en": "Year-end"} for n in range(3)} | {dt.date(2027, 1, 1 + n): {"en": "New Year"} for n in range(3)}
    status = opening_status(OFFICE, closures, at("2026-12-29 10:00"))
    assert (status.open, status.reason, status.label) == (False, "closure", {"en": "Year-end"})
    assert status.next_opening == at("2027-01-04 09:30").astimezone(dt.timezone.utc)
    assert opening_status(OFFICE, {}, at("2026-11-23 10:00")).reason == "holiday"


def test_over_a_clock_change() -> None:
    berlin = Schedule.of(
        {
            "week": {day: ["09:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
            "timezone": "Europe/Berlin",
            "public_holidays": False,
        }
    )
    summer, winter = (opening_status(berlin, {}, dt.datetime(2026, 10, day, 3, tzinfo=dt.timezone.utc)).next_opening for day in (24, 25))
    assert (summer.hour, winter.hour) == (7, 8)  # type: ignore[union-attr]


def test_holidays_are_named_in_both_languages() -> None:
    assert public_holidays(2026)[dt.date(2026, 11, 23)] == {"en": "Labor Thanksgiving Day", "ja": "勤労感謝の日"}


@pytest.mark.parametrize("week", [{"mon": ["9-5"]}, {"mon": ["12:00-09:00"]}, {"mon": ["09:00-12:00", "11:00-13:00"]}, {"mon": ["25:00-26:00"]}])
def test_wrong_schedules(week: dict[str, list[str]]) -> None:
    with pytest.raises(Invalid):
        Schedule.of({"week": week})


def test_never_open_and_always_open() -> None:
    assert opening_status(Schedule.of({}), {}, at("2026-11-24 10:00")).next_opening is None
    assert opening_status(Schedule.of({"always": True}), {}, at("2026-11-24 03:00")).open


@pytest.fixture
def office(tmp_path: Path, clock: HandClock) -> Services:
    return make_services(sqlite_url(tmp_path), clock, hours=None)


@pytest.mark.parametrize(("language", "words"), [("en", "Someone will be here from"), ("ja", "次に担当者がいるのは")])
def test_out_of_hours(office: Services, clock: HandClock, bot: object, language: str, words: str) -> None:
    clock.now = at("2026-11-24 20:00").astimezone(dt.timezone.utc)
    chat = office.conversations.begin("web", "x", language)[0]
    write(office, chat, "hello", "client-1")
    state = office.conversations.request_person(chat)
    assert state["mode"] == "bot" and not state["open"] and state["next_opening"] == "2026-11-25T00:30:00.000Z"
    last = office.conversations.messages(chat)[-1]
    assert last["kind"] == "out_of_hours" and last["form"] == "inquiry" and words in last["text"] and "09:30" in last["text"]


def test_the_bots_promise_is_kept_back_out_of_hours(office: Services, clock: HandClock) -> None:
    from tests.gateway.world import FakeBot, run_bot

    clock.now = at("2026-11-24 20:00").astimezone(dt.timezone.utc)
    chat = office.conversations.begin("web", "x", "en")[0]
    write(office, chat, "a person please", "client-1")
    assert run_bot(office, FakeBot()) == ["done"]
    assert said(office, chat) == [("person", "a person please"), ("system", "out_of_hours")]
    assert [one["text"] for one in office.desk.transcript(chat) if one["state"] == "suppressed"] == ["Please wait."]


def test_changed_at_the_desk(office: Services, clock: HandClock) -> None:
    clock.now = at("2026-11-24 20:00").astimezone(dt.timezone.utc)
    assert not office.hours.status().open
    office.hours.set_schedule(Schedule.of({"week": {"tue": ["19:00-22:00"]}}), TANAKA)
    assert office.hours.status().open
    office.hours.add_closure(dt.date(2026, 11, 24), {"en": "Move", "ja": "移転"}, TANAKA)
    assert not office.hours.status().open
    office.hours.remove_closure(dt.date(2026, 11, 24), TANAKA)
    assert office.hours.status().open
    assert [row["action"] for row in office.audit.rows()] == ["hours.changed", "closure.added", "closure.removed"]
