"""How the process starts: what it leaves out, and what it says when it cannot."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.store.database import Database
from tests.gateway.world import HandClock, make_services, sqlite_url

ROOT = Path(__file__).resolve().parents[2]


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    known = {key: value for key, value in os.environ.items() if not key.startswith("MADOGUCHI_")}
    secrets = {f"MADOGUCHI_{name}_SECRET": name * 10 for name in ("SESSION", "BRIDGE", "DESK")}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, env={**known, **secrets, **environment}, capture_output=True, text=True, timeout=120)


def test_tensorflow_and_rasa_stay_out() -> None:
    """The desk's search reads English with spaCy, which would bring TensorFlow in."""
    code = """
import sys, gateway.__main__, desk.app, knowledge.analysis
knowledge.analysis.tokens("How much is the extension?")
assert "spacy" in sys.modules
print([name for name in ("tensorflow", "rasa", "sanic") if sys.modules.get(name)])
"""
    found = python(code)
    assert found.stdout.strip() == "[]", found.stderr


def test_the_room_below_brings_nothing_along() -> None:
    rooms = "('gateway', 'actions', 'bot', 'desk', 'knowledge', 'rasa', 'sqlalchemy')"
    found = python(f"import sys, privacy.numbers; print([name for name in {rooms} if name in sys.modules])")
    assert found.stdout.strip() == "[]", found.stderr


START = "import sys; from gateway.__main__ import main; sys.exit(main())"


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"MADOGUCHI_DATABASE_URL": "postgresql+psycopg2://nobody@127.0.0.1:1/nothing"}, "MADOGUCHI_DATABASE_URL"),
        ({"MADOGUCHI_GATEWAY_PORT": "no port"}, "MADOGUCHI_GATEWAY_PORT"),
        ({"MADOGUCHI_RATE_FACTOR": "0"}, "MADOGUCHI_RATE_FACTOR"),
        ({"MADOGUCHI_KEEP_BOT_ONLY_DAYS": "0"}, "MADOGUCHI_KEEP_BOT_ONLY_DAYS"),
        ({"MADOGUCHI_HOURS": "{"}, "MADOGUCHI_HOURS"),
        ({"MADOGUCHI_HOURS": '{"week": {"mon": ["9 to 5"]}}'}, "MADOGUCHI_HOURS"),
        ({"MADOGUCHI_TIMEZONE": "Edo"}, "MADOGUCHI_TIMEZONE"),
        ({"MADOGUCHI_DESK_HOURS": "-1"}, "MADOGUCHI_DESK_HOURS"),  # the desk is made with the application
    ],
)
def test_it_says_what_is_wrong(tmp_path: Path, environment: dict[str, str], words: str) -> None:
    found = python(START, **{"MADOGUCHI_DATABASE_URL": sqlite_url(tmp_path), **environment})
    assert found.returncode == 1 and words in found.stderr and "Traceback" not in found.stderr, found.stderr


def test_a_database_of_a_newer_version(tmp_path: Path) -> None:
    make_services(sqlite_url(tmp_path), HandClock()).close()
    database = Database(sqlite_url(tmp_path))
    with database.write() as session:
        session.execute(sa.text("UPDATE gw_migration SET version_num = '9999'"))
    database.close()
    found = python(START, MADOGUCHI_DATABASE_URL=sqlite_url(tmp_path))
    assert found.returncode == 1 and "newer version" in found.stderr and "Traceback" not in found.stderr, found.stderr
