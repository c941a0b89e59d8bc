"""The desk's page for events that feeds brought in."""

from __future__ import annotations

import pytest

from knowledge.listings.store import Listings, listings
from tests.desk.conftest import World
from tests.knowledge.listings.samples import at, event


@pytest.fixture
def store(world: World) -> Listings:
    """Three things wait: a new event, one without a date, and a change of one that is shown."""
    store = listings(world.services.settings.database_url)
    now = world.clock()
    usual = [event("shown"), event("new"), event("undated", start=None, end=None)]
    store.put_feed("feed", usual, False, now, "https://feed.example/", None, None)
    store.approve("shown", "ann", now)
    usual[0] = event("shown", start=at(12, 6), end=at(12, 6, 16), title={"en": '<script>alert("x")</script>'})
    store.put_feed("feed", usual, False, now, "https://feed.example/", None, None)
    return store


def shown(store: Listings) -> dict[str, str]:
    return {one.id: str(one.days[0]) for one in store.events() if one.days}


@pytest.mark.parametrize("role", ["coordinator", "lead", "auditor"])
def test_everybody_sees_what_waits_and_only_leads_decide(world: World, store: Listings, role: str) -> None:
    text = world.browser(role).get("/events").text
    assert all(words in text for words in ("Fair new", "Fair undated", "What changed", "https://events.example/new"))
    assert ("/desk/events/approve" in text) == (role == "lead")
    assert "<script>alert" not in text


def test_a_lead_shows_an_event(world: World, store: Listings) -> None:
    browser = world.browser("lead")
    browser.get("/events")
    assert browser.post("/events/approve", {"id": "new"}).status_code == 303
    assert shown(store) == {"shown": "2026-12-05", "new": "2026-12-05"}
    assert "Fair new" not in browser.get("/events").text
    (entry,) = [one for one in store.entries() if one.event.id == "new"]
    assert entry.decided_by == "佐藤"


def test_a_change_is_taken_over_or_not(world: World, store: Listings) -> None:
    browser = world.browser("lead")
    browser.get("/events")
    browser.post("/events/reject", {"id": "shown"})
    assert shown(store) == {"shown": "2026-12-05"}
    store.put_feed("feed", [event("shown", start=at(12, 7), end=None)], False, world.clock(), "https://feed.example/", None, None)
    browser.post("/events/approve", {"id": "shown"})
    assert shown(store)["shown"] == "2026-12-07"


@pytest.mark.parametrize(("start", "status"), [("", 422), ("tomorrow", 422), ("2026-12-40", 422), ("2026-12-09T13:00", 303)])
def test_an_event_without_a_date_needs_one(world: World, store: Listings, start: str, status: int) -> None:
    browser = world.browser("lead")
    browser.get("/events")
    answer = browser.post("/events/approve", {"id": "undated", "start": start})
    assert answer.status_code == status
    assert ("undated" in shown(store)) == (status == 303)


@pytest.mark.parametrize("action", ["approve", "reject"])
@pytest.mark.parametrize("event_id", ["", "no-such", "' OR 1=1"])
def test_what_does_not_exist_is_404(world: World, store: Listings, action: str, event_id: str) -> None:
    browser = world.browser("lead")
    browser.get("/events")
    assert browser.post(f"/events/{action}", {"id": event_id}).status_code == 404
