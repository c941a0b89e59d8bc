"""One's own account: password, one-time codes, sessions."""

from __future__ import annotations

import pyotp
from starlette.responses import Response

from desk.passwords import Weak
from desk.rights import SIGNED_IN
from desk.routing import Page, error_text, set_session
from desk.sessions import FULL
from desk.visit import Visit
from gateway.errors import Invalid

ISSUER = "Madoguchi"


def account_page(visit: Visit, status: int = 200, text: str = "") -> Response:
    """What one can change about oneself."""
    assert visit.session is not None
    secret = visit.session.totp_setup
    link = pyotp.TOTP(secret).provisioning_uri(name=visit.account.login, issuer_name=ISSUER) if secret else ""
    grouped = " ".join(secret[place : place + 4] for place in range(0, len(secret), 4)) if secret else ""
    return visit.page("account.html", status, text=text, secret=grouped, link=link)


def change_password(visit: Visit) -> Response:
    """A new password. Ends every session of the account; this browser gets a new one."""
    desk, account = visit.desk, visit.account
    assert visit.session is not None
    wait = desk.throttle.attempt(account.login, visit.address)
    if wait:
        return account_page(visit, 429, visit.words("login.wait", span=visit.words.span(wait)))
    if desk.accounts.check(account.login, visit.field("old")) is None:
        return account_page(visit, 422, visit.words("account.old_wrong"))
    desk.throttle.succeeded(account.login, visit.address)
    new = visit.field("new")
    if new != visit.field("again"):
        return account_page(visit, 422, visit.words("account.not_same"))
    if new == visit.field("old"):
        return account_page(visit, 422, visit.words("account.unchanged"))
    try:
        desk.accounts.set_password(account.id, new)
    except Weak as error:
        return account_page(visit, 422, error_text(visit.words, error))
    token = desk.sessions.start(account.id, FULL)
    visit.log("account.password_changed", account=account.id)
    return set_session(visit, visit.go("/account", done="password"), token)


def start_totp(visit: Visit) -> Response:
    """Makes a secret and shows it; nothing is switched on yet."""
    assert visit.session is not None
    visit.desk.sessions.set_up_totp(visit.session.token, pyotp.random_base32())
    return visit.go("/account")


def confirm_totp(visit: Visit) -> Response:
    """Switches one-time codes on, with a code as proof that the app has the secret."""
    assert visit.session is not None
    try:
        visit.desk.accounts.set_totp(visit.account.id, visit.session.totp_setup or "", visit.field("code"))
    except Invalid:
        return account_page(visit, 422, visit.words("login.code_wrong"))
    visit.desk.sessions.set_up_totp(visit.session.token, None)
    visit.log("account.totp_on", account=visit.account.id)
    return visit.go("/account", done="totp_on")


def stop_totp(visit: Visit) -> Response:
    """Switches them off; the password is asked once more."""
    account = visit.account
    wait = visit.desk.throttle.attempt(account.login, visit.address)
    if wait:
        return account_page(visit, 429, visit.words("login.wait", span=visit.words.span(wait)))
    if visit.desk.accounts.check(account.login, visit.field("old")) is None:
        return account_page(visit, 422, visit.words("account.old_wrong"))
    visit.desk.throttle.succeeded(account.login, visit.address)
    visit.desk.accounts.set_totp(account.id, None)
    visit.log("account.totp_off", account=account.id)
    return visit.go("/account", done="totp_off")


def end_others(visit: Visit) -> Response:
    """Ends all sessions of one's own; this browser gets a new one."""
    visit.desk.sessions.end_all(visit.account.id)
    visit.log("account.sessions_ended", account=visit.account.id)
    return set_session(visit, visit.go("/account", done="sessions"), visit.desk.sessions.start(visit.account.id))


PAGES = [
    Page("GET", "/account", account_page, SIGNED_IN),
    Page("POST", "/account/password", change_password, SIGNED_IN),
    Page("POST", "/account/totp", start_totp, SIGNED_IN),
    Page("POST", "/account/totp/confirm", confirm_totp, SIGNED_IN),
    Page("POST", "/account/totp/off", stop_totp, SIGNED_IN),
    Page("POST", "/account/sessions", end_others, SIGNED_IN),
]
