"""Opening hours: periods of each day, public holidays, closures."""

from __future__ import annotations

import datetime as dt
from typing import Any, Mapping, Optional

from starlette.responses import Response

from desk.routing import Page, error_text
from desk.visit import Visit
from gateway.errors import Invalid
from gateway.hours import DAYS, Schedule, public_holidays
from knowledge.languages import languages

_TYPED = str.maketrans({"、": ",", "，": ",", "〜": "-", "～": "-", "–": "-", "：": ":"})  # as people type it


def hours_page(visit: Visit, status: int = 200, text: str = "", week: Optional[Mapping[str, Any]] = None) -> Response:
    """The week, the next closures and holidays. `week`: what was typed and refused, not to be lost."""
    hours = visit.desk.services.hours
    plain = hours.schedule().plain()
    if week:
        plain = {**plain, "week": week}
    today = visit.desk.services.clock().astimezone(visit.desk.zone).date()
    holidays = sorted(
        (day, names) for year in (today.year, today.year + 1) for day, names in public_holidays(year).items() if day >= today
    )[:12]
    closures = [(day, label) for day, label in hours.closures() if day >= today]
    return visit.page(
        "hours.html",
        status,
        text=text,
        plain=plain,
        days=list(enumerate(DAYS)),
        closures=closures,
        holidays=holidays,
        status_now=hours.status(),
        today=today,
        told=hours.told(hours.status(), visit.words.language),
        may_change=visit.account.may("hours"),
        label_languages=list(languages()),
    )


def save(visit: Visit) -> Response:
    """A new week."""
    week = {day: [part.strip() for part in visit.field(day).translate(_TYPED).split(",") if part.strip()] for day in DAYS}
    plain = {
        "week": week,
        "timezone": visit.field("timezone"),
        "public_holidays": visit.field("public_holidays") == "1",
        "always": visit.field("always") == "1",
    }
    try:
        visit.desk.services.hours.set_schedule(Schedule.of(plain), visit.who)
    except Invalid as error:
        return hours_page(visit, error.status, f"{error_text(visit.words, error)} ({error})", week)
    return visit.go("/hours", done="saved")


def add_closure(visit: Visit) -> Response:
    """Closes a day, or a span of days."""
    try:
        first = dt.date.fromisoformat(visit.field("day"))
        last = dt.date.fromisoformat(visit.field("last") or visit.field("day"))
    except ValueError:
        return hours_page(visit, 422, visit.words("error.date_invalid"))
    if not 0 <= (last - first).days <= 60:
        return hours_page(visit, 422, visit.words("error.date_invalid"))
    label = {code: visit.field(f"label_{code}").strip()[:80] for code in languages()}
    label = {code: text for code, text in label.items() if text} or {visit.words.language: visit.words("hours.closed")}
    for number in range((last - first).days + 1):
        visit.desk.services.hours.add_closure(first + dt.timedelta(days=number), label, visit.who)
    return visit.go("/hours", done="saved")


def remove_closure(visit: Visit) -> Response:
    """Opens a day again."""
    try:
        visit.desk.services.hours.remove_closure(dt.date.fromisoformat(visit.field("day")), visit.who)
    except ValueError:
        return hours_page(visit, 422, visit.words("error.date_invalid"))
    return visit.go("/hours", done="saved")


PAGES = [
    Page("GET", "/hours", hours_page, "read"),
    Page("POST", "/hours", save, "hours"),
    Page("POST", "/hours/closures", add_closure, "hours"),
    Page("POST", "/hours/closures/remove", remove_closure, "hours"),
]
