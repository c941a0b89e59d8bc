"""The accounts of everybody, for admins."""

from __future__ import annotations

from starlette.responses import Response

from desk.passwords import first_password
from desk.rights import ROLES
from desk.routing import Page, error_text
from desk.visit import Visit
from desk.words import desk_languages
from gateway.errors import GatewayError


def accounts_page(visit: Visit, status: int = 200, text: str = "", shown: tuple[str, str] | None = None) -> Response:
    """All accounts. `shown`: a name and the first password, which is shown once."""
    return visit.page("accounts.html", status, text=text, shown=shown, accounts=visit.desk.accounts.all(), roles=ROLES)


def create(visit: Visit) -> Response:
    """A new account with a first password, which its owner has to change."""
    password = first_password()
    language = visit.field("language")
    try:
        made = visit.desk.accounts.create(
            visit.field("login"),
            visit.field("name"),
            visit.field("role"),
            language if language in desk_languages() else visit.words.language,
            password,
            must_change=True,
        )
    except GatewayError as error:
        return accounts_page(visit, error.status, error_text(visit.words, error))
    visit.log("account.created", account=made.id, role=made.role)
    return accounts_page(visit, shown=(made.login, password))


def change(visit: Visit) -> Response:
    """Name, role, disabled or not."""
    account_id = visit.path("account")
    try:
        changed = visit.desk.accounts.change(account_id, visit.field("name"), visit.field("role"), visit.field("disabled") == "1")
    except GatewayError as error:
        return accounts_page(visit, error.status, error_text(visit.words, error))
    visit.log("account.changed", account=account_id, role=changed.role, disabled=changed.disabled)
    return visit.go("/accounts", done="saved")


def reset_password(visit: Visit) -> Response:
    """A new first password for who has lost theirs; all their sessions end."""
    account = visit.desk.accounts.get(visit.path("account"))
    password = first_password()
    visit.desk.accounts.set_password(account.id, password, must_change=True)
    visit.log("account.password_reset", account=account.id)
    return accounts_page(visit, shown=(account.login, password))


def reset_totp(visit: Visit) -> Response:
    """Switches one-time codes off for who has lost the device."""
    account = visit.desk.accounts.get(visit.path("account"))
    visit.desk.accounts.set_totp(account.id, None)
    visit.desk.sessions.end_all(account.id)
    visit.log("account.totp_reset", account=account.id)
    return visit.go("/accounts", done="saved")


PAGES = [
    Page("GET", "/accounts", accounts_page, "accounts"),
    Page("POST", "/accounts", create, "accounts"),
    Page("POST", "/accounts/{account}", change, "accounts"),
    Page("POST", "/accounts/{account}/password", reset_password, "accounts"),
    Page("POST", "/accounts/{account}/totp", reset_totp, "accounts"),
]
