"""Reports, as a page and as CSV."""

from __future__ import annotations

import datetime as dt
from typing import Any, Sequence

from starlette.responses import Response

from desk.reports import Report, Spread, report_of
from desk.routing import Page
from desk.spreadsheet import csv_text
from desk.visit import Visit
from gateway.errors import Invalid

_DEFAULT_DAYS = 28
TABLES = ("summary", "topics", "languages", "coordinators", "handoffs", "ratings", "unanswered")


def reports_page(visit: Visit) -> Response:
    """The figures of a period."""
    first, last = _period(visit)
    return visit.page(
        "reports.html",
        report=_report(visit, first, last),
        first=first,
        last=last,
        title_of=lambda topic, title: _title(visit, topic, title),
        tables=TABLES,
    )


def reports_csv(visit: Visit) -> Response:
    """One table as CSV. Written to the audit log: it leaves the house."""
    first, last = _period(visit)
    table = visit.query("table")
    if table not in TABLES:
        raise Invalid("table_unknown")
    head, rows = _table(visit, table, _report(visit, first, last), first, last)
    visit.log("report.downloaded", table=table, first=first.isoformat(), last=last.isoformat())
    name = f"madoguchi-{table}-{first.isoformat()}-{last.isoformat()}.csv"
    return Response(
        csv_text(head, rows), media_type="text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _period(visit: Visit) -> tuple[dt.date, dt.date]:
    today = visit.desk.services.clock().astimezone(visit.desk.zone).date()
    try:
        last = dt.date.fromisoformat(visit.query("to")) if visit.query("to") else today
        first = dt.date.fromisoformat(visit.query("from")) if visit.query("from") else last - dt.timedelta(days=_DEFAULT_DAYS - 1)
    except ValueError as error:
        raise Invalid("date_invalid") from error
    if not 0 <= (last - first).days <= 800:
        raise Invalid("date_invalid")
    return first, last


def _report(visit: Visit, first: dt.date, last: dt.date) -> Report:
    return report_of(visit.desk.queries, *_moments(visit, first, last))


def _moments(visit: Visit, first: dt.date, last: dt.date) -> tuple[dt.datetime, dt.datetime]:
    zone = visit.desk.zone
    return dt.datetime.combine(first, dt.time(), zone), dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), zone)


def _title(visit: Visit, topic: Any, title: Any) -> str:
    return visit.topic({"topic": topic, "topic_title": title}) or visit.words("reports.no_topic")


def _table(visit: Visit, table: str, report: Report, first: dt.date, last: dt.date) -> tuple[Sequence[str], list[Sequence[Any]]]:
    t = visit.words
    waits = [t("reports.median_s"), t("reports.ninetieth_s"), t("reports.longest_s")]
    if table == "summary":
        rows: list[Sequence[Any]] = [
            (t("reports.waiting"), report.waiting.count, *_spread(report.waiting)),
            (t("reports.first_reply"), report.first_reply.count, *_spread(report.first_reply)),
            (t("reports.handling"), report.handling.count, *_spread(report.handling)),
            (t("reports.handoffs"), report.handoffs),
            (t("reports.rating_mean"), None if report.rating_mean is None else round(report.rating_mean, 2)),
            *((f"{t('reports.turns')}: {t.of('turn', outcome)}", count) for outcome, count in sorted(report.turns.items())),
        ]
        return ["", t("reports.count"), *waits], rows
    if table == "topics":
        return [t("queue.topic"), "id", t("reports.count"), *waits], [
            (_title(visit, topic, title), topic, count, *_spread(spread)) for topic, title, count, spread in report.by_topic
        ]
    if table == "languages":
        return [t("queue.language"), t("reports.count"), *waits], [
            (t.language_name(code), count, *_spread(spread)) for code, count, spread in report.by_language
        ]
    if table == "coordinators":
        head = [t("queue.with"), t("reports.count"), f"{t('reports.first_reply')} {waits[0]}", f"{t('reports.handling')} {waits[0]}"]
        return head, [(name, count, reply.median, handling.median) for name, count, reply, handling in report.by_coordinator]
    if table == "ratings":
        rows = [
            (row["at"].isoformat(), row["score"], row["lang"], row["comment"])
            for row in visit.desk.queries.ratings(*_moments(visit, first, last))
        ]
        return [t("audit.at"), t("reports.score"), t("queue.language"), t("reports.comment")], rows
    if table == "handoffs":
        columns = (
            "opened_at",
            "accepted_at",
            "first_reply_at",
            "closed_at",
            "reason",
            "topic",
            "lang",
            "channel",
            "accepted_name",
            "outcome",
        )
        found = visit.desk.queries.handoffs(*_moments(visit, first, last))
        return columns, [[row[name].isoformat() if isinstance(row[name], dt.datetime) else row[name] for name in columns] for row in found]
    rows = [
        (group.count, group.language, group.text, group.topic, group.last.isoformat(), " | ".join(group.variants[:5]))
        for group in report.unanswered
    ]
    return [
        t("reports.count"),
        t("queue.language"),
        t("reports.question"),
        t("queue.topic"),
        t("reports.last"),
        t("reports.variants"),
    ], rows


def _spread(spread: Spread) -> tuple[Any, Any, Any]:
    return tuple(None if value is None else round(value) for value in (spread.median, spread.ninetieth, spread.longest))  # type: ignore[return-value]


PAGES = [Page("GET", "/reports", reports_page, "reports"), Page("GET", "/reports.csv", reports_csv, "reports")]
