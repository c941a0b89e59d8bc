"""Reports, hours, audit, texts, commands."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from desk.__main__ import main
from desk.reports import grouped, spread_of
from desk.spreadsheet import csv_text, safe_cell
from desk.words import Words, texts
from tests.desk.conftest import PASSWORD, World
from tests.desk.seeds import full_desk, waiting

ROOT = Path(__file__).resolve().parents[2] / "desk"


def test_every_language_has_every_text_and_the_same_fields() -> None:
    english = texts()["en"]
    for language, words in texts().items():
        assert words.keys() == english.keys(), language
        for key, text in words.items():
            assert set(re.findall(r"{(\w+)}", text)) == set(re.findall(r"{(\w+)}", english[key])), (language, key)


def test_every_text_that_is_asked_for_is_there() -> None:
    for path in [*ROOT.glob("templates/*.html"), *ROOT.glob("**/*.py")]:
        for key in re.findall(r"(?:\bt|words)\(['\"]([a-z_]+\.[a-z0-9_]+)['\"][,)]", path.read_text("utf-8")):
            assert key in texts()["en"], (path.name, key)


def test_no_template_switches_escaping_off() -> None:
    for path in ROOT.glob("templates/*.html"):
        assert not re.search(r"\|\s*safe|autoescape", path.read_text("utf-8")), path.name


def test_languages_are_switched_and_remembered(world: World) -> None:
    browser = world.browser("coordinator")
    assert '<html lang="en">' in browser.get("/").text
    browser.post("/language", {"language": "ja", "next": "/"})
    assert '<html lang="ja">' in browser.get("/").text and "受付一覧" in browser.get("/").text
    assert world.desk.accounts.get(world.accounts["coordinator"].id).language == "ja"
    assert '<html lang="ja">' in world.browser(language="ja-JP,ja;q=0.9").get("/login").text


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_page_in_both_languages(world: World, language: str) -> None:
    found = full_desk(world.services, world.clock, world.accounts["coordinator"].coordinator, world.accounts["lead"].coordinator)
    browser = world.browser("admin")
    world.desk.accounts.set_language(world.accounts["admin"].id, language)
    contact = world.services.desk.conversation(found["mine"]).contact
    paths = [
        "/",
        "/inquiries",
        "/canned",
        "/events",
        "/hours",
        "/channels",
        "/reports",
        "/audit",
        "/accounts",
        "/account",
        f"/person/{contact}",
        *(f"/c/{one}" for one in found.values()),
    ]
    for path in paths:
        answer = browser.get(path)
        assert answer.status_code == 200, path
        assert f'<html lang="{language}">' in answer.text


# --- reports ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "\n=1"])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert safe_cell(cell).startswith("'")


def test_harmless_cells_stay() -> None:
    assert [safe_cell(one) for one in ("text", 5, -3.5, None, "在留 = 資格")] == ["text", "5", "-3.5", "", "在留 = 資格"]
    assert list(csv.reader(io.StringIO(csv_text(["a"], [['x,"y"\nz']]).lstrip("﻿")))) == [["a"], ['x,"y"\nz']]


def test_reports_as_page_and_csv(world: World) -> None:
    full_desk(world.services, world.clock, world.accounts["coordinator"].coordinator, world.accounts["lead"].coordinator)
    browser = world.browser("lead")
    page = browser.get("/reports").text
    assert "Questions the bot could not answer" in page and "can I bring my cat" in page
    unanswered = browser.get("/reports.csv?table=unanswered")
    rows = list(csv.reader(io.StringIO(unanswered.text.lstrip("﻿"))))
    cats = [row for row in rows if "cat" in row[2]]
    assert len(cats) == 1 and int(cats[0][0]) >= 3
    assert next(row for row in rows if "HYPERLINK" in row[2])[2].startswith("'=")
    for table in ("summary", "topics", "languages", "coordinators", "handoffs", "ratings"):
        answer = browser.get(f"/reports.csv?table={table}")
        assert answer.status_code == 200 and "attachment" in answer.headers["content-disposition"]
        assert len(list(csv.reader(io.StringIO(answer.text)))) > 1
    assert browser.get("/reports.csv?table=secrets").status_code == 422
    assert browser.get("/reports?from=2026-99-99").status_code == 422
    assert "report.downloaded" in [row["action"] for row in world.services.audit.rows(limit=2000)]


def test_figures() -> None:
    spread = spread_of([10, 20, 30, 40, 50, 60, 70, 80, 90, 100, None])
    assert (spread.count, spread.median, spread.ninetieth, spread.longest) == (10, 55, 90, 100)
    assert spread_of([]).median is None


def test_questions_are_put_together_within_a_language(world: World) -> None:
    def row(text: str, language: str) -> dict[str, object]:
        return {"body": {"text": text}, "lang": language, "created_at": world.clock(), "topic": None, "conversation_id": text}

    found = grouped(
        [
            row("Where is the office?", "en"),
            row("where is the office", "en"),
            row("Where is the offiice", "en"),
            row("事務所はどこ", "ja"),
            row("?!", "en"),
        ]
    )
    assert [(group.count, group.language) for group in found] == [(3, "en"), (1, "ja")]


# --- hours, audit ----------------------------------------------------------------------------------------------------------


def test_opening_hours(world: World) -> None:
    browser = world.browser("lead")
    week = {"mon": "09:30-12:00、13:00〜17:30", "tue": "10:00-12:00", "timezone": "Asia/Tokyo", "public_holidays": "1"}
    assert browser.post("/hours", week).status_code == 303
    assert world.services.hours.schedule().plain()["week"]["mon"] == ["09:30-12:00", "13:00-17:30"]
    wrong = browser.post("/hours", {**week, "mon": "12:00-09:00"})
    assert wrong.status_code == 422 and "12:00-09:00" in wrong.text
    assert browser.post("/hours/closures", {"day": "2026-12-29", "last": "2026-12-31", "label_ja": "年末休業"}).status_code == 303
    assert len(world.services.hours.closures()) == 3 and "年末休業" in browser.get("/hours").text
    assert browser.post("/hours/closures/remove", {"day": "2026-12-30"}).status_code == 303
    assert len(world.services.hours.closures()) == 2
    assert browser.post("/hours/closures", {"day": "soon"}).status_code == 422


def test_the_chain_is_checked_and_a_change_is_found(world: World) -> None:
    waiting(world.services, "somebody")
    browser = world.browser("auditor")
    assert "The chain holds" in browser.post("/audit").text
    with world.services.database.write() as session:
        # Who has the database file can take the guard away; the chain then tells.
        for (name,) in session.execute(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'gw_audit'")).all():
            session.execute(sa.text(f"DROP TRIGGER {name}"))
        session.execute(sa.text("UPDATE gw_audit SET actor = 'somebody else' WHERE id = 2"))
    assert "broken at row 2" in browser.post("/audit").text
    page = browser.get("/audit?action=handoff").text
    assert "handoff.opened" in page and "desk.login" not in page


# --- commands --------------------------------------------------------------------------------------------------------------


def test_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("MADOGUCHI_DATABASE_URL", f"sqlite:///{tmp_path / 'desk.db'}")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    assert main(["create-admin", "Ana", "--password-stdin"]) == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert main(["create-admin", "Ben", "--password-stdin"]) == 1
    assert "15 characters" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    assert main(["create-admin", "ana", "--password-stdin"]) == 1
    assert main(["create-demo"]) == 0 and "password:" in capsys.readouterr().out
    assert main(["create-demo"]) == 0
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    assert main(["reset-password", "ana", "--password-stdin"]) == 0
    assert main(["reset-password", "nobody", "--password-stdin"]) == 1


def test_there_is_no_account_that_nobody_made(world: World, tmp_path: Path) -> None:
    from desk.accounts import Accounts
    from desk.migrations import migrate
    from gateway.store.database import Database

    database = Database(f"sqlite:///{tmp_path / 'fresh.db'}")
    migrate(database)
    migrate(database)
    assert not Accounts(database, world.clock).any()
    database.close()


def test_words() -> None:
    from zoneinfo import ZoneInfo

    words = Words("ja", ZoneInfo("Asia/Tokyo"))
    assert words.clock("2026-11-24T02:00:00.000Z") == "11:00"
    assert words.span(125) == "2 分" and words.span(None) == "–"
    assert words.language_name("vi") == "ベトナム語"
