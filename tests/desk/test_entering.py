"""Log-in, sessions, forged forms, guessing, one-time codes."""

from __future__ import annotations

import datetime as dt
import threading

import pyotp
import pytest
import sqlalchemy as sa

from desk.passwords import Weak, check_strength, first_password
from desk.sessions import Limits
from desk.tables import AccountRow, FailureRow, SessionRow
from tests.desk.conftest import PASSWORD, World
from tests.desk.seeds import waiting


def _sessions(world: World) -> list[str]:
    with world.services.database.read() as session:
        return list(session.execute(sa.select(SessionRow.token_hash)).scalars())


def test_the_token_is_only_in_the_cookie(world: World) -> None:
    browser = world.browser("lead")
    assert len(browser.session) >= 22 and browser.session not in _sessions(world)
    answer = browser.post("/login", {"login": "lead", "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/desk" in cookie


def test_over_https_the_cookie_is_secure(world: World) -> None:
    browser = world.browser()
    browser.client.base_url = "https://desk.test"  # type: ignore[assignment]
    browser.get("/login")
    answer = browser.post("/login", {"login": "lead", "password": PASSWORD})
    assert "__Secure-madoguchi_desk=" in answer.headers["set-cookie"] and "Secure" in answer.headers["set-cookie"]


def test_a_session_is_a_new_one_at_each_log_in(world: World) -> None:
    browser = world.browser("lead")
    first = browser.session
    browser.post("/login", {"login": "lead", "password": PASSWORD})
    assert browser.session != first
    browser.client.cookies.set("madoguchi_desk", first, path="/desk")
    assert world.desk.sessions.find(first) is None and len(_sessions(world)) == 1


def test_log_out_ends_it_on_the_server(world: World) -> None:
    browser = world.browser("lead")
    token = browser.session
    assert browser.post("/logout").status_code == 303
    assert world.desk.sessions.find(token) is None and not browser.session


def test_a_new_password_ends_all_other_sessions(world: World) -> None:
    one, other = world.browser("lead"), world.browser("lead")
    old = one.session
    answer = one.post("/account/password", {"old": PASSWORD, "new": "quite another long password", "again": "quite another long password"})
    assert answer.status_code == 303 and one.session != old
    assert one.get("/").status_code == 200 and other.get("/").status_code == 303
    assert world.desk.sessions.find(old) is None


def test_idle_and_absolute_time(world: World) -> None:
    limits = Limits()
    browser = world.browser("lead")
    world.clock.forward(limits.idle.total_seconds() - 60)
    assert browser.get("/").status_code == 200
    world.clock.forward(limits.idle.total_seconds() + 1)
    assert browser.get("/").status_code == 303
    browser = world.browser("lead")
    for _ in range(int(limits.absolute / limits.idle) + 1):
        world.clock.forward(limits.idle.total_seconds() - 60)
        browser.get("/")
    assert browser.get("/").status_code == 303


def test_what_a_page_asks_by_itself_keeps_nothing_alive(world: World) -> None:
    browser = world.browser("lead")
    for _ in range(4):
        world.clock.forward(Limits().idle.total_seconds() / 3)
        status = browser.get("/queue", headers={"x-desk-background": "1", "hx-request": "true"}).status_code
    assert status == 401


def test_a_disabled_account_is_out_at_once(world: World) -> None:
    browser = world.browser("coordinator")
    with world.services.database.write() as session:
        session.execute(sa.update(AccountRow).where(AccountRow.login == "coordinator").values(disabled=True))
    assert browser.get("/").status_code == 303
    browser.get("/login")
    assert browser.post("/login", {"login": "coordinator", "password": PASSWORD}).status_code == 401


# --- forged forms ----------------------------------------------------------------------------------------------------------


def test_a_form_without_the_token_does_nothing(world: World) -> None:
    conversation = waiting(world.services, "somebody")
    browser, other = world.browser("coordinator"), world.browser("second")
    for token in ("", "x", "0" * 64, other.token):
        assert browser.post(f"/c/{conversation}/claim", token=token).status_code == 403
    assert world.services.desk.conversation(conversation).row.mode == "waiting"
    assert browser.post(f"/c/{conversation}/claim").status_code == 303


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}])
def test_a_form_from_elsewhere_does_nothing_even_with_the_token(world: World, headers: dict[str, str]) -> None:
    conversation = waiting(world.services, "somebody")
    browser = world.browser("coordinator")
    assert browser.post(f"/c/{conversation}/claim", headers=headers).status_code == 403
    assert world.services.desk.conversation(conversation).row.mode == "waiting"


def test_without_fetch_metadata_the_origin_counts(world: World) -> None:
    conversation = waiting(world.services, "somebody")
    browser = world.browser("coordinator")
    browser.headers = {"origin": "https://evil.example"}
    assert browser.post(f"/c/{conversation}/claim").status_code == 403
    browser.headers = {"origin": "http://desk.test"}
    assert browser.post(f"/c/{conversation}/claim").status_code == 303


def test_the_log_in_form_is_guarded_too(world: World) -> None:
    browser = world.browser()
    assert browser.post("/login", {"login": "lead", "password": PASSWORD}, token="0" * 64).status_code == 403
    assert not browser.session


def test_json_and_large_bodies(world: World) -> None:
    browser = world.browser("coordinator")
    answer = browser.client.post("/desk/canned", content=b'{"csrf": "x"}', headers={**browser.headers, "content-type": "application/json"})
    assert answer.status_code == 403
    assert browser.post("/language", {"language": "x" * 300_000}).status_code == 413


def test_where_a_log_in_leads_to(world: World) -> None:
    browser = world.browser()
    for target in ("https://evil.example/", "//evil.example", "/\\evil.example"):
        answer = browser.post("/login", {"login": "lead", "password": PASSWORD, "next": target})
        assert answer.headers["location"] == "/desk/"
        browser.get("/account")
        browser.post("/logout")
        browser.get("/login")
    assert browser.post("/login", {"login": "lead", "password": PASSWORD, "next": "/reports"}).headers["location"] == "/desk/reports"


# --- guessing --------------------------------------------------------------------------------------------------------------


def test_guessing_gets_slower_and_the_right_password_waits_too(world: World) -> None:
    browser = world.browser()
    statuses = [browser.post("/login", {"login": "lead", "password": f"wrong password number {number}"}).status_code for number in range(6)]
    assert statuses == [401] * 5 + [429]
    answer = browser.post("/login", {"login": "lead", "password": PASSWORD})
    assert answer.status_code == 429 and int(answer.headers["retry-after"]) > 0
    world.clock.forward(int(answer.headers["retry-after"]) + 1)
    assert browser.post("/login", {"login": "lead", "password": "wrong again"}).status_code == 401
    assert int(browser.post("/login", {"login": "lead", "password": PASSWORD}).headers["retry-after"]) > 5
    world.clock.forward(900)
    assert browser.post("/login", {"login": "lead", "password": PASSWORD}).status_code == 303
    with world.services.database.read() as session:
        assert session.execute(sa.select(sa.func.count()).select_from(FailureRow)).scalar_one() == 1  # the address is remembered


def test_many_tries_at_the_same_moment_are_no_way_around(world: World) -> None:
    passed: list[int] = []
    threads = [threading.Thread(target=lambda: passed.append(world.desk.throttle.attempt("lead", "198.51.100.7"))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert passed.count(0) == 5


def test_another_name_or_none_looks_the_same(world: World) -> None:
    browser = world.browser()
    known = browser.post("/login", {"login": "lead", "password": "wrong password here"}).text
    unknown = browser.post("/login", {"login": "nobody", "password": "wrong password here"}).text
    assert known.replace("lead", "nobody") == unknown


@pytest.mark.parametrize(
    "password", ["short", "aaaaaaaaaaaaaaaaaaaa", "madoguchimadoguchi1", "tanakatanakatanaka1", "x" * 300, "12341234123412341"]
)
def test_weak_passwords(password: str) -> None:
    with pytest.raises(Weak):
        check_strength(password, "tanaka")


def test_good_passwords(world: World) -> None:
    for password in (PASSWORD, "窓の外に青い鳥が三羽とまっている朝", first_password()):
        check_strength(password, "tanaka")
    account = world.desk.accounts.create("kana", "かな", "coordinator", "ja", "ｃｏｒｒｅｃｔ horse battery")
    assert world.desk.accounts.check("KANA", "correct horse battery") is not None  # full width or not
    with world.services.database.read() as session:
        assert session.get(AccountRow, account.id).password.startswith("$argon2id$")


# --- one-time codes --------------------------------------------------------------------------------------------------------


def test_a_code_is_asked_and_works_once(world: World) -> None:
    account = world.accounts["lead"]
    totp = pyotp.TOTP(pyotp.random_base32())
    world.desk.accounts.set_totp(account.id, totp.secret, totp.at(world.clock.now))
    world.clock.forward(60)
    browser = world.browser()
    answer = browser.post("/login", {"login": "lead", "password": PASSWORD})
    assert answer.headers["location"] == "/desk/code"
    half = browser.session
    assert browser.get("/").status_code == 303  # the password alone opens nothing
    browser.get("/code")
    assert browser.post("/code", {"code": "000000"}).status_code == 401
    code = totp.at(world.clock.now)
    assert browser.post("/code", {"code": code}).status_code == 303
    assert browser.session != half and browser.get("/").status_code == 200
    assert world.desk.accounts.check_code(account.id, code) is False


def test_switching_codes_on_needs_a_code(world: World) -> None:
    browser = world.browser("coordinator")
    browser.post("/account/totp")
    page = browser.get("/account").text
    session = world.desk.sessions.find(browser.session)
    assert session is not None and session.totp_setup and session.totp_setup[:4] in page
    assert browser.post("/account/totp/confirm", {"code": "123456"}).status_code == 422
    code = pyotp.TOTP(session.totp_setup).at(world.clock.now)
    assert browser.post("/account/totp/confirm", {"code": code}).status_code == 303
    assert world.desk.accounts.get(world.accounts["coordinator"].id).totp
    assert browser.post("/account/totp/off", {"old": "not the password at all"}).status_code == 422


def test_a_first_password_has_to_be_changed(world: World) -> None:
    admin = world.browser("admin")
    page = admin.post("/accounts", {"login": "newone", "name": "New", "role": "coordinator", "language": "ja"}).text
    password = page.split('<code class="secret">')[1].split("<")[0]
    browser = world.browser()
    browser.post("/login", {"login": "newone", "password": password})
    answer = browser.get("/")
    assert answer.status_code == 303 and answer.headers["location"].startswith("/desk/account")
    browser.get("/account")
    new = "いちばん新しい長い合い言葉です"
    assert browser.post("/account/password", {"old": password, "new": new, "again": new}).status_code == 303
    assert browser.get("/").status_code == 200


def test_entering_and_refusals_are_in_the_audit_log(world: World) -> None:
    browser = world.browser()
    browser.post("/login", {"login": "lead", "password": "my secret typed into the wrong box"})
    browser.post("/login", {"login": "lead", "password": PASSWORD})
    actions = [row["action"] for row in world.services.audit.rows(limit=100)]
    assert actions[-2:] == ["desk.login_failed", "desk.login"]
    assert "secret" not in str(world.services.audit.rows(limit=100))
    assert world.clock.now - dt.timedelta(seconds=5) < world.desk.accounts.get(world.accounts["lead"].id).last_login_at  # type: ignore[operator]
