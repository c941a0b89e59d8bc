"""Attacks on the desk, over every route there is: a new one cannot be forgotten here."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from desk.app import PAGES
from desk.rights import RIGHTS, SIGNED_IN
from tests.desk.conftest import PASSWORD, Browser, World
from tests.desk.seeds import begin, full_desk, say

POSTS = [page for page in PAGES if page.method == "POST"]
# What an auditor may send: about oneself, the language, a check of the audit log, and "who else is here" (which records nothing for them).
AUDITORS_OWN = {"/login", "/code", "/logout", "/language", "/audit", "/c/{id}/presence"}
# Written when somebody looks or tries, by design: sessions, the audit log (also of refusals), log-in failures.
WRITTEN_BY_LOOKING = {"gw_audit", "gw_audit_head", "gw_event", "gw_desk_session", "gw_desk_failure"}
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


@pytest.fixture
def found(world: World) -> dict[str, str]:
    return full_desk(world.services, world.clock, world.accounts["coordinator"].coordinator, world.accounts["lead"].coordinator)


def _path(world: World, template: str, found: dict[str, str]) -> str:
    """An address with things in it that there are, so that only the refusal protects them."""
    contact = world.services.desk.conversation(found["mine"]).contact
    inquiry = world.services.desk.inquiries()[0]["id"]
    values = {"{id}": found["japanese"], "{inquiry}": inquiry, "{contact}": contact, "{account}": world.accounts["second"].id}
    for name, value in values.items():
        template = template.replace(name, value)
    return template


def _picture(world: World) -> dict[str, list[Any]]:
    """Everything in the database but what looking itself writes."""
    names = sa.inspect(world.services.database.engine).get_table_names()
    kept = [name for name in names if name not in WRITTEN_BY_LOOKING and not name.startswith("alembic")]
    with world.services.database.read() as session:
        rows = {name: sorted(map(repr, session.execute(sa.text(f'SELECT * FROM "{name}"')).all())) for name in kept}
    return {name: found for name, found in rows.items() if found}  # an empty table may be made by the first look


# Something for every field of every form.
FORM = {
    **dict.fromkeys(("text", "note", "labels", "shortcut", "title_en", "text_en", "name"), "x"),
    **{"outcome": "solved", "until": "hour", "priority": "3", "sure": "1", "on": "1", "role": "admin", "login": "newone", "language": "ja"},
    **{"day": "2026-12-30", "mon": "10:00-11:00", "timezone": "Asia/Tokyo", "code": "000000", "password": PASSWORD, "old": PASSWORD},
    **dict.fromkeys(("new", "again"), "quite another long password"),
}


def test_the_tables_that_looking_may_change_exist(world: World) -> None:
    assert set(sa.inspect(world.services.database.engine).get_table_names()) >= WRITTEN_BY_LOOKING


def test_a_forged_form_changes_nothing(world: World, found: dict[str, str]) -> None:
    browser, other = world.browser("admin"), world.browser("second")
    before = _picture(world)
    form = {**FORM, "to": world.accounts["second"].id, "epoch": str(world.services.desk.conversation(found["japanese"]).row.epoch)}
    for page in POSTS:
        path = _path(world, page.path, found)
        for token in ("", "x", "0" * 64, other.token):
            assert browser.post(path, form, token=token).status_code == 403, f"{page.path} with the token {token!r}"
        missing = browser.client.post(f"/desk{path}", data=form, headers=browser.headers, follow_redirects=False)
        assert missing.status_code == 403, f"{page.path} without a token"
        for site in ("cross-site", "same-site"):
            assert browser.post(path, form, headers={"sec-fetch-site": site}).status_code == 403, f"{page.path} from elsewhere"
        assert _picture(world) == before, page.path


def test_the_same_forms_with_their_token_do_change_something(world: World, found: dict[str, str]) -> None:
    """Or else the test above would prove nothing: with the token, the conversation of that test is really taken."""
    browser = world.browser("admin")
    before = _picture(world)
    assert browser.post(_path(world, "/c/{id}/claim", found)).status_code == 303
    assert _picture(world) != before


def test_an_auditor_reads_and_changes_nothing(world: World, found: dict[str, str]) -> None:
    browser = world.browser("auditor")
    before = _picture(world)
    for page in PAGES:
        if page.live or (page.method == "POST" and (page.right == SIGNED_IN or page.path in AUDITORS_OWN)):
            continue
        path = _path(world, page.path, found)
        answer = browser.get(path) if page.method == "GET" else browser.post(path, {**FORM, "to": world.accounts["second"].id})
        if page.method == "POST":
            assert answer.status_code == 403, page.path
        else:
            assert answer.status_code in (200, 303, 403, 422), page.path
    assert _picture(world) == before


@pytest.mark.parametrize("role", ["coordinator", "lead"])
def test_nobody_does_what_only_others_may(world: World, found: dict[str, str], role: str) -> None:
    browser = world.browser(role)
    before = _picture(world)
    refused = [page for page in PAGES if page.right and role not in RIGHTS[page.right]]
    assert refused
    for page in refused:
        path = _path(world, page.path, found)
        answer = browser.get(path) if page.method == "GET" else browser.post(path, {**FORM, "to": world.accounts["second"].id})
        assert answer.status_code == 403, page.path
    assert _picture(world) == before


def test_a_planted_session_is_never_taken_up(world: World) -> None:
    browser: Browser = world.browser()
    planted = "a" * 43
    browser.client.cookies.set("madoguchi_desk", planted, path="/desk")
    browser.get("/login")
    assert browser.post("/login", {"login": "lead", "password": PASSWORD}).status_code == 303
    assert world.desk.sessions.find(planted) is None
    victim = world.browser()
    victim.client.cookies.set("madoguchi_desk", planted, path="/desk")
    assert victim.get("/").status_code == 303


def test_after_logging_out_the_old_cookie_opens_nothing(world: World, found: dict[str, str]) -> None:
    browser = world.browser("admin")
    token, form_token = browser.session, browser.token
    browser.post("/logout")
    browser.client.cookies.set("madoguchi_desk", token, path="/desk")
    for page in PAGES:
        if page.right is None:
            continue
        path = _path(world, page.path, found)
        answer = browser.get(path) if page.method == "GET" else browser.post(path, FORM, token=form_token)
        assert answer.status_code in (303, 401), page.path


def test_script_in_every_name_is_text(world: World) -> None:
    admin = world.browser("admin")
    eve = world.desk.accounts.create("eve", EVIL, "coordinator", "en", PASSWORD)
    made = {"shortcut": "evil", "title_en": EVIL[:80], "text_en": EVIL, "title_ja": EVIL[:80], "text_ja": EVIL}
    assert admin.post("/canned", made).status_code == 303
    assert admin.post("/hours/closures", {"day": "2026-12-30", "label_en": EVIL, "label_ja": EVIL}).status_code == 303
    conversation = begin(world.services, "somebody")
    say(world.services, conversation, EVIL, 1)
    world.services.conversations.request_person(conversation)
    world.services.ownership.claim(conversation, eve.coordinator)
    world.services.ownership.transfer(conversation, eve.coordinator, world.accounts["second"].coordinator, EVIL)
    world.services.presence.beat(eve.coordinator, conversation, True)
    for path in (
        "/",
        f"/c/{conversation}",
        f"/c/{conversation}/side",
        "/canned",
        "/hours",
        "/accounts",
        "/audit",
        f"/?text={EVIL}",
        f"/audit?actor={EVIL}",
    ):
        text = admin.get(path).text
        assert "<script>alert" not in text and "<img" not in text, path
    assert "&lt;script&gt;" in admin.get(f"/c/{conversation}").text
    for path in (f"/{EVIL}", f"/c/{EVIL}", f"/login?next={EVIL}"):
        assert "<script>alert" not in admin.get(path).text, path


def test_an_address_that_there_is_not_has_a_page_too(world: World) -> None:
    browser = world.browser("coordinator")
    answer = browser.get("/nowhere")
    assert answer.status_code == 404 and "does not exist" in answer.text and 'href="/desk/"' in answer.text
    assert world.browser().get("/nowhere").status_code == 404
    assert browser.client.delete("/desk/", headers=browser.headers).status_code == 405
