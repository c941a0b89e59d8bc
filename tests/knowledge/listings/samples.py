"""Events and companies for tests. Made up, and only here: what the product ships is real."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from knowledge.listings.companies import Company
from knowledge.listings.events import Event

JAPAN = ZoneInfo("Asia/Tokyo")
NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=JAPAN)
TODAY = NOW.date()


def at(month: int, day: int, hour: int = 10, year: int = 2026) -> dt.datetime:
    return dt.datetime(year, month, day, hour, tzinfo=JAPAN)


def event(event_id: str, **fields: Any) -> Event:
    usual: dict[str, Any] = {
        "kind": "fair",
        "title": {"en": f"Fair {event_id}", "ja": f"フェア {event_id}"},
        "organiser": {"en": "Test organiser", "ja": "試験主催者"},
        "link": f"https://events.example/{event_id}",
        "source": f"https://events.example/{event_id}",
        "checked": dt.date(2026, 11, 20),
        "prefectures": ("osaka",),
        "start": at(12, 5),
        "end": at(12, 5, 16),
        "free": True,
    }
    return Event(id=event_id, **{**usual, **fields})


def company(company_id: str, **fields: Any) -> Company:
    usual: dict[str, Any] = {
        "name": {"en": f"Company {company_id}", "ja": f"会社 {company_id}"},
        "prefectures": ("aichi",),
        "fields": ("it",),
        "languages": ("en",),
        "looking_for": {"en": "Developers", "ja": "開発者"},
        "link": f"https://company.example/{company_id}",
        "source": f"https://company.example/{company_id}/recruit",
        "said_on": dt.date(2026, 10, 1),
        "checked": dt.date(2026, 11, 1),
    }
    return Company(id=company_id, **{**usual, **fields})


# A small calendar: every event differs from the first in one thing.
CALENDAR = (
    event("osaka-dec"),
    event("tokyo-dec", prefectures=("tokyo",), start=at(12, 12), end=at(12, 12, 16)),
    event("kyoto-jan", prefectures=("kyoto",), start=at(1, 20, year=2027), end=at(1, 20, 16, year=2027)),
    event("online-dec", prefectures=(), online=True, start=at(12, 9, 19), end=at(12, 9, 21), languages=("en",)),
    event("osaka-seminar-dec", kind="seminar", start=at(12, 20), end=at(12, 20, 12), level="N2", languages=("ja",)),
    event("osaka-tour-feb", kind="study_tour", start=at(2, 3, year=2027), end=None, audiences=("student",)),
    event("osaka-nov-over", start=at(11, 3), end=at(11, 3, 16)),
    event("fukuoka-yearly", prefectures=("fukuoka",), start=None, end=None, usual_months=(3, 6, 10)),
)
