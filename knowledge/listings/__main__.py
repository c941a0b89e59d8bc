"""`python -m knowledge.listings`: sync, list, approve, reject, companies, import-companies, withdraw-company, template, check."""

from __future__ import annotations

import argparse
import datetime as dt
import getpass
import sys
from pathlib import Path
from typing import Callable, Mapping, Optional, Sequence

from knowledge.documents import ContentError
from knowledge.listings.curated import read_companies, read_events, read_table, template
from knowledge.listings.feeds import read_feeds
from knowledge.listings.store import Entry, Listings, Undated, Unknown
from knowledge.settings import settings


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Runs a command. Returns 1, with every fault on a line of its own, when something is wrong."""
    options = _parser().parse_args(arguments)
    listings = Listings(settings().database_url)
    try:
        return _COMMANDS[options.command](listings, options)
    except ContentError as error:
        print(error, file=sys.stderr)
    except (Unknown, Undated, ValueError, OSError) as error:
        print(error.args[0] if isinstance(error, LookupError) else error, file=sys.stderr)
    finally:
        listings.close()
    return 1


def load_curated(listings: Listings, now: dt.datetime) -> list[str]:
    """Brings content/events/ and content/companies/ into the database; what changed, a line each. Raises ContentError."""
    return [str(change) for change in listings.load_curated(read_events(), read_companies(), now)]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m knowledge.listings", description="Events and companies; see docs/feeds.md.")
    commands = parser.add_subparsers(dest="command", required=True)
    sync = commands.add_parser("sync", help="load the curated files and fetch the feeds")
    sync.add_argument("--due", action="store_true", help="only the feeds whose time has come")
    listed = commands.add_parser("list", help="show events and their ids; by default what waits for an editor")
    listed.add_argument("--all", action="store_true", help="everything")
    for name, text in (("approve", "show an event"), ("reject", "hide an event")):
        command = commands.add_parser(name, help=text)
        command.add_argument("ids", nargs="+", metavar="ID")
        command.add_argument("--by", default="", help="your name, for the record")
        if name == "approve":
            command.add_argument("--start", help="the date of an event that came without one: 2026-12-01 or 2026-12-01T10:00")
            command.add_argument("--end", help="its end; a day is the last day")
    commands.add_parser("companies", help="show the companies; those whose statement is too old to be shown are marked")
    table = commands.add_parser("import-companies", help="add or change the companies of a CSV table")
    table.add_argument("file", type=Path)
    withdrawn = commands.add_parser("withdraw-company", help="remove a company that came from a table")
    withdrawn.add_argument("id", metavar="ID")
    commands.add_parser("template", help="print the head of the CSV table")
    commands.add_parser("check", help="read the curated files and the feeds' settings, and name the line of each fault")
    return parser


def _sync(listings: Listings, options: argparse.Namespace) -> int:
    from knowledge.listings.sync import sync  # feed libraries only where they are needed

    now = _now()
    for line in load_curated(listings, now):
        print(f"{line}")
    reports = sync(listings, read_feeds(), now, due_only=options.due)
    for report in reports:
        print("\n".join(report.lines()))
    if not reports:
        print("No feed is enabled (knowledge/content/feeds.yaml).")
    waiting = len(listings.to_decide())
    if waiting:
        print(f"{waiting} wait for an editor: python -m knowledge.listings list, or the desk under Events")
    return 1 if any(report.outcome == "failed" for report in reports) else 0


def _list(listings: Listings, options: argparse.Namespace) -> int:
    entries = listings.entries() if options.all else listings.to_decide()
    for entry in entries:
        print(_line(entry))
    if not entries:
        print("Nothing waits." if not options.all else "There are no events.")
    return 0


def _line(entry: Entry) -> str:
    days = entry.event.days
    when = f"{days[0]} – {days[1]}" if days and days[0] != days[1] else str(days[0]) if days else "no date"
    marks = [entry.state, *(["changed"] if entry.proposed else []), *(["no longer in its feed"] if entry.missing_since else [])]
    return f"{entry.event.id}  [{', '.join(marks)}]  {when}  {next(iter(entry.event.title.values()))}  {entry.event.link}"


def _approve(listings: Listings, options: argparse.Namespace) -> int:
    if options.start and len(options.ids) > 1:
        raise ValueError("--start gives a date to one event; name only one id.")
    for event_id in options.ids:
        listings.approve(event_id, options.by or getpass.getuser(), _now(), options.start, options.end)
        print(f"{event_id} is shown now.")
    return 0


def _reject(listings: Listings, options: argparse.Namespace) -> int:
    for event_id in options.ids:
        listings.reject(event_id, options.by or getpass.getuser(), _now())
        print(f"{event_id} is rejected.")
    return 0


def _companies(listings: Listings, options: argparse.Namespace) -> int:
    companies = listings.companies()
    for one in companies:
        print(f"{one.id}  {one.said_on}{'' if one.fresh(dt.date.today()) else '  TOO OLD, not shown'}  {next(iter(one.name.values()))}")
    print(f"{len(companies)} companies")
    return 0


def _import(listings: Listings, options: argparse.Namespace) -> int:
    companies = read_table(options.file)
    changes = listings.put_companies(companies)
    for change in changes:
        print(change)
    print(f"{len(companies)} companies read, {len(changes)} added or changed")
    return 0


def _withdraw(listings: Listings, options: argparse.Namespace) -> int:
    listings.withdraw_company(options.id)
    print(f"{options.id} is removed.")
    return 0


def _template(listings: Listings, options: argparse.Namespace) -> int:
    print(template(), end="")
    return 0


def _check(listings: Listings, options: argparse.Namespace) -> int:
    print(f"{len(read_events())} curated events, {len(read_companies())} curated companies, {len(read_feeds())} feeds, no faults")
    return 0


def _now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)


_COMMANDS: Mapping[str, Callable[[Listings, argparse.Namespace], int]] = {
    "sync": _sync, "list": _list, "approve": _approve, "reject": _reject, "companies": _companies,
    "import-companies": _import, "withdraw-company": _withdraw, "template": _template, "check": _check,
}  # fmt: skip

if __name__ == "__main__":
    sys.exit(main())
