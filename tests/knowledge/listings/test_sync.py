"""Feeds over HTTP, from a server on loopback that behaves in every bad way."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from typing import Iterator

import pytest

from knowledge.listings.events import Event
from knowledge.listings.fetching import Fetcher, FetchFailed, Limits
from knowledge.listings.store import APPROVED, PENDING, Listings
from knowledge.listings.sync import FeedReport, sync
from tests.knowledge.listings.feeds import ICAL, JSON, RSS, feed
from tests.knowledge.listings.samples import NOW
from tests.knowledge.listings.server import Answer, Playing, playing

# No pauses between attempts; `private` lets the tests ask loopback over plain http.
QUICK = Limits(retries=2, back_off=0, private=True, size=100_000)
LATER = NOW + dt.timedelta(hours=7)


@pytest.fixture
def server() -> Iterator[Playing]:
    with playing() as server:
        yield server


@pytest.fixture
def listings(tmp_path: Path) -> Iterator[Listings]:
    listings = Listings(f"sqlite:///{tmp_path / 'listings.db'}")
    yield listings
    listings.close()


def run(listings: Listings, url: str, now: dt.datetime = NOW, limits: Limits = QUICK, **fields: object) -> FeedReport:
    (report,) = sync(listings, [feed(url, **fields)], now, limits)  # type: ignore[arg-type]
    return report


def good(body: str = ICAL, **headers: str) -> Answer:
    return Answer(body=body.encode(), headers=headers)


# --- what goes well --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("trusted", "state"), [(True, APPROVED), (False, PENDING)])
def test_new_events_wait_unless_the_feed_is_trusted(listings: Listings, server: Playing, trusted: bool, state: str) -> None:
    report = run(listings, server.plays("/feed", good()), trusted=trusted)
    assert (report.outcome, [change.what for change in report.changes]) == ("changed", ["new", "new"])
    assert [entry.state for entry in listings.entries()] == [state, state]
    assert len(listings.events()) == (2 if trusted else 0)


def test_a_second_run_changes_nothing(listings: Listings, server: Playing) -> None:
    url = server.plays("/feed", good())
    run(listings, url, trusted=True)
    before = listings.events()
    assert run(listings, url, LATER, trusted=True).outcome == "unchanged"
    assert listings.events() == before


def test_conditional_requests_and_304(listings: Listings, server: Playing) -> None:
    url = server.plays("/feed", good(ETag='"v1"', **{"Last-Modified": "Sun, 22 Nov 2026 00:00:00 GMT"}), Answer(304))
    run(listings, url, trusted=True)
    assert run(listings, url, NOW + dt.timedelta(days=2), trusted=True).outcome == "unchanged"
    assert server.asked[1][1]["if-none-match"] == '"v1"'
    assert server.asked[1][1]["if-modified-since"] == "Sun, 22 Nov 2026 00:00:00 GMT"
    assert {one.checked for one in listings.events()} == {dt.date(2026, 11, 24)}  # the feed says the same as before: checked today


def test_other_settings_of_the_feed_ask_for_everything_again(listings: Listings, server: Playing) -> None:
    url = server.plays("/feed", good(ETag='"v1"'))
    run(listings, url)
    run(listings, url, only=["留学生"])
    assert "if-none-match" not in server.asked[1][1]


def test_an_answer_that_could_not_be_used_is_asked_for_again(listings: Listings, server: Playing) -> None:
    url = server.plays("/feed", good("garbage", ETag='"bad"'), good())
    assert run(listings, url).outcome == "failed"
    run(listings, url)
    assert "if-none-match" not in server.asked[1][1]


def test_errors_of_the_server_are_tried_again(listings: Listings, server: Playing) -> None:
    url = server.plays("/feed", Answer(500), Answer(503, headers={"Retry-After": "0"}), good())
    assert run(listings, url).outcome == "changed"
    assert len(server.asked) == 3


def test_redirects_within_the_allowed_hosts_are_followed(listings: Listings, server: Playing) -> None:
    server.plays("/new", good())
    url = server.plays("/feed", Answer(301, headers={"Location": server.url("/new", "localhost")}))
    assert run(listings, url, hosts=["localhost"]).outcome == "changed"


# --- what goes wrong ---------------------------------------------------------------------------------------------------------------


def bad_answers(server: Playing) -> dict[str, Answer]:
    return {
        "gone": Answer(404),
        "garbage": good("garbage"),
        "a page": good("<html><body>Service closed</body></html>"),
        "empty": good(""),
        "no events": good("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n"),
        "too large": good(ICAL + "X" * 200_000),
        "broken": Answer(500),
        "another host": Answer(302, headers={"Location": server.url("/other", "localhost")}),
        "no https": Answer(302, headers={"Location": "ftp://127.0.0.1/feed"}),
        "in a circle": Answer(302, headers={"Location": server.url("/feed")}),
        "only odd items": good(ICAL.replace("SUMMARY:留学生 就職フェア", "SUMMARY:").replace("SUMMARY:オンライン セミナー", "SUMMARY:")),
    }


BAD = ["gone", "garbage", "a page", "empty", "no events", "too large", "broken", "another host", "no https", "in a circle", "only odd items"]


@pytest.mark.parametrize("name", BAD)
def test_a_bad_answer_harms_nothing(listings: Listings, server: Playing, name: str) -> None:
    url = server.plays("/feed", good())
    run(listings, url, trusted=True)
    before = listings.entries()
    server.plays("/other", good(ICAL.replace("UID:one", "UID:evil")))
    server.plays("/feed", bad_answers(server)[name])
    report = run(listings, url, LATER, trusted=True)
    assert report.outcome == "failed"
    assert report.problem
    assert listings.entries() == before
    assert listings.feeds()["test"].problem == report.problem
    assert "/other" not in [path for path, _ in server.asked]
    server.plays("/feed", good())
    assert run(listings, url, LATER, trusted=True).outcome == "unchanged"
    assert listings.feeds()["test"].problem is None


def test_one_that_hangs_is_given_up(listings: Listings, server: Playing) -> None:
    url = server.plays("/feed", Answer(body=ICAL.encode(), gate=server.release))
    report = run(listings, url, limits=dataclasses.replace(QUICK, read=0.2, retries=0))
    assert (report.outcome, listings.entries()) == ("failed", [])


def test_one_that_drips_is_given_up(listings: Listings, server: Playing) -> None:
    report = run(listings, server.plays("/feed", good()), limits=dataclasses.replace(QUICK, total=-1.0))
    assert "took longer" in (report.problem or "")


def test_one_bad_feed_does_not_stop_the_others(listings: Listings, server: Playing) -> None:
    bad, fine = feed(server.plays("/bad", Answer(500)), id="bad"), feed(server.plays("/fine", good()), id="fine")
    assert [report.outcome for report in sync(listings, [bad, fine], NOW, QUICK)] == ["failed", "changed"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_private_addresses_are_not_asked(server: Playing, host: str) -> None:
    url = server.plays("/feed", good()).replace("http://127.0.0.1", f"https://{host}")
    with Fetcher(Limits(retries=2, back_off=0)) as fetcher, pytest.raises(FetchFailed, match="not a public address"):
        fetcher.fetch(url, frozenset({host}))
    assert server.asked == []


def test_plain_http_is_not_asked(server: Playing) -> None:
    with Fetcher(Limits()) as fetcher, pytest.raises(FetchFailed, match="not https"):
        fetcher.fetch(server.plays("/feed", good()), frozenset({"127.0.0.1"}))
    assert server.asked == []


# --- what editors decide --------------------------------------------------------------------------------------------------------------


def titles(listings: Listings) -> list[str]:
    return sorted(one.title["ja"] for one in listings.events())


def only(listings: Listings, start: str) -> Event:
    (found,) = [entry.event for entry in listings.entries() if entry.event.title["ja"].startswith(start)]
    return found


def test_approved_is_shown_and_rejected_stays_away(listings: Listings, server: Playing) -> None:
    url = server.plays("/feed", good())
    run(listings, url)
    listings.approve(only(listings, "留学生").id, "ann", NOW)
    listings.reject(only(listings, "オンライン").id, "ann", NOW)
    assert titles(listings) == ["留学生 就職フェア"]
    server.plays("/feed", good(ICAL.replace("オンライン セミナー", "オンライン セミナー、本当に")))
    run(listings, url, LATER)
    assert titles(listings) == ["留学生 就職フェア"]
    assert listings.to_decide() == []


def test_a_change_waits_and_the_old_stays_until_then(listings: Listings, server: Playing) -> None:
    url = server.plays("/feed", good())
    run(listings, url)
    event_id = listings.approve(only(listings, "留学生").id, "ann", NOW).id
    server.plays("/feed", good(ICAL.replace("20261205T", "20261206T")))
    report = run(listings, url, LATER)
    assert [(change.what, change.fields) for change in report.changes if change.id == event_id] == [("proposed", ("end", "start"))]
    assert str(listings.event(event_id).days[0]) == "2026-12-05"  # type: ignore[union-attr, index]
    assert run(listings, url, LATER).outcome == "unchanged"  # proposed once
    newer = listings.approve(event_id, "ann", LATER)
    assert (str(newer.days[0]), newer.sequence, newer.changed) == ("2026-12-06", 1, LATER)  # type: ignore[index]


def test_a_rejected_change_leaves_the_event(listings: Listings, server: Playing) -> None:
    url = server.plays("/feed", good())
    run(listings, url)
    event_id = listings.approve(only(listings, "留学生").id, "ann", NOW).id
    server.plays("/feed", good(ICAL.replace("留学生 就職フェア", "spam")))
    run(listings, url, LATER)
    listings.reject(event_id, "ann", LATER)
    assert titles(listings) == ["留学生 就職フェア"]


def test_a_trusted_feed_changes_at_once_and_counts_revisions(listings: Listings, server: Playing) -> None:
    url = server.plays("/feed", good())
    run(listings, url, trusted=True)
    server.plays("/feed", good(ICAL.replace("SUMMARY:留学生 就職フェア", "STATUS:CANCELLED\nSUMMARY:留学生 就職フェア")))
    run(listings, url, LATER, trusted=True)
    shown = only(listings, "留学生")
    assert (shown.cancelled, shown.sequence, shown.changed) == (True, 1, LATER)


def test_what_a_feed_drops_stays_and_is_pointed_out(listings: Listings, server: Playing) -> None:
    url = server.plays("/feed", good())
    run(listings, url, trusted=True)
    begin, end = ICAL.index("BEGIN:VEVENT"), ICAL.index("END:VEVENT") + len("END:VEVENT\n")
    server.plays("/feed", good(ICAL[:begin] + ICAL[end:]))
    report = run(listings, url, LATER, trusted=True)
    assert [(change.what, change.title) for change in report.changes] == [("missing", "留学生 就職フェア")]
    assert len(listings.events()) == 2
    assert [entry.event.title["ja"] for entry in listings.to_decide()] == ["留学生 就職フェア"]
    server.plays("/feed", good())
    assert [change.what for change in run(listings, url, LATER, trusted=True).changes] == ["back"]
    assert listings.to_decide() == []


def test_an_event_without_a_date_waits_for_one_even_from_a_trusted_feed(listings: Listings, server: Playing) -> None:
    url = server.plays("/feed", good(RSS))
    run(listings, url, format="rss", trusted=True)
    assert len(listings.events()) == 1
    (entry,) = listings.to_decide()
    with pytest.raises(ValueError, match="without a date"):
        listings.approve(entry.event.id, "ann", NOW)
    shown = listings.approve(entry.event.id, "ann", NOW, "2026-12-15T13:00", "2026-12-15T17:00")
    assert shown.start is not None
    assert run(listings, url, LATER, format="rss", trusted=True).outcome == "unchanged"  # the feed still has no date; ours stays
    assert listings.event(shown.id) == dataclasses.replace(shown, checked=LATER.date())


def test_only_what_is_due_is_fetched(listings: Listings, server: Playing) -> None:
    one = feed(server.plays("/feed", good(JSON)), format="json", every=60)
    off = feed(server.url("/feed"), id="off", enabled=False)

    def outcomes(now: dt.datetime) -> list[str]:
        return [report.outcome for report in sync(listings, [one, off], now, QUICK, due_only=True)]

    assert outcomes(NOW) == ["changed"]
    assert outcomes(NOW + dt.timedelta(minutes=59)) == ["not_due"]
    assert outcomes(NOW + dt.timedelta(minutes=60)) == ["unchanged"]
    assert len(server.asked) == 2
