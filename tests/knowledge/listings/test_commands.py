"""`python -m knowledge.listings`."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from knowledge.listings.__main__ import main
from knowledge.listings.curated import read_events
from knowledge.listings.store import CURATED, Listings
from knowledge.store import Store
from tests.knowledge.listings.samples import NOW, company, event
from tests.knowledge.listings.test_curated import LINE, table


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path / 'listings.db'}"
    monkeypatch.setenv("MADOGUCHI_DATABASE_URL", url)
    return url


@pytest.fixture
def waiting(url: str) -> Listings:
    listings = Listings(url)
    listings.put_feed("feed", [event("new"), event("undated", start=None, end=None)], False, NOW, "https://feed.example/", None, None)
    return listings


def test_sync_loads_the_curated_events_and_says_what_changed(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sync"]) == 0
    said = capsys.readouterr().out
    assert all(f"new       {one.id}" in said for one in read_events())
    assert main(["sync"]) == 0
    assert "new  " not in capsys.readouterr().out


def test_approve_reject_and_list(waiting: Listings, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    assert "new  [pending]  2026-12-05" in capsys.readouterr().out
    assert main(["approve", "new", "--by", "ann"]) == 0
    assert [one.id for one in waiting.events()] == ["new"]
    assert main(["approve", "undated"]) == 1
    assert "--start" in capsys.readouterr().err
    assert main(["approve", "undated", "--start", "2026-12-09"]) == 0
    assert main(["reject", "new"]) == 0
    assert [one.id for one in waiting.events()] == ["undated"]
    assert main(["list"]) == 0
    assert "Nothing waits" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["approve no-such", "reject no-such", "withdraw-company no-such", "import-companies /no/such/file.csv"])
def test_what_is_not_there_ends_with_one_clear_line(url: str, capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert main(command.split()) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_curated_events_are_changed_in_their_file(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["sync"])
    assert main(["reject", read_events()[0].id]) == 1
    assert "content/events" in capsys.readouterr().err


def test_companies_come_in_by_table_and_go_on_request(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = table(tmp_path, LINE)
    assert main(["import-companies", str(file)]) == 0
    assert "1 added or changed" in capsys.readouterr().out
    assert main(["import-companies", str(file)]) == 0
    assert "0 added or changed" in capsys.readouterr().out
    assert main(["sync"]) == 0  # the curated files do not take them away
    assert [one.id for one in Listings(url).companies()] == ["one"]
    assert main(["withdraw-company", "one"]) == 0
    assert Listings(url).companies() == []


def test_a_table_with_a_fault_imports_nothing(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = table(tmp_path, LINE, LINE.replace("one,One", "two,Two").replace(",it,", ",magic,"))
    assert main(["import-companies", str(file)]) == 1
    assert f"{file}:3: " in capsys.readouterr().err
    assert Listings(url).companies() == []


def test_the_template_is_what_import_reads(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["template"])
    file = tmp_path / "mine.csv"
    file.write_text(capsys.readouterr().out + LINE, encoding="utf-8")
    assert main(["import-companies", str(file)]) == 0


# --- the store ---------------------------------------------------------------------------------------------------------------------


def test_curated_content_is_brought_to_exactly_what_the_files_say(url: str) -> None:
    listings = Listings(url)
    listings.load_curated([event("a"), event("b")], [company("x")], NOW)
    listings.put_feed("feed", [event("f")], True, NOW, "https://feed.example/", None, None)
    changes = listings.load_curated([event("b", free=False), event("c")], [], NOW)
    assert [(change.what, change.id) for change in changes] == [("changed", "b"), ("new", "c"), ("removed", "a"), ("removed", "x")]
    assert [one.id for one in listings.events()] == ["b", "c", "f"]
    assert listings.event("b").sequence == 1  # type: ignore[union-attr]
    assert listings.load_curated([event("b", free=False), event("c")], [], NOW) == []


def test_an_id_belongs_to_one_origin_and_a_refused_load_changes_nothing(url: str) -> None:
    listings = Listings(url)
    listings.put_feed("feed", [event("f")], True, NOW, "https://feed.example/", None, None)
    with pytest.raises(ValueError, match="already there"):
        listings.load_curated([event("a"), event("f")], [], NOW)
    assert [(entry.event.id, entry.origin) for entry in listings.entries()] == [("f", "feed")]
    with pytest.raises(ValueError, match="already there"):
        listings.put_feed(CURATED + "-other", [event("f")], True, NOW, "https://other.example/", None, None)


def test_an_empty_feed_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="empty"):
        Listings(url).put_feed("feed", [], True, NOW, "https://feed.example/", None, None)


def test_loading_the_articles_leaves_the_listings_alone(url: str, library: object, tmp_path: Path) -> None:
    listings = Listings(url)
    listings.load_curated([event("a")], [company("x")], NOW)
    Store(url).load(library)  # type: ignore[arg-type]
    assert (len(listings.events()), len(listings.companies())) == (1, 1)


def test_moments_are_kept_as_utc(url: str, tmp_path: Path) -> None:
    Listings(url).load_curated([event("a")], [], NOW)
    with sqlite3.connect(tmp_path / "listings.db") as connection:
        (seen,) = connection.execute("select first_seen from listing_event").fetchone()
    assert seen.startswith("2026-11-22 03:00:00")
    assert Listings(url).entries()[0].first_seen == NOW
