"""Commands at the server: `python -m desk create-admin NAME`, `create-demo`, `reset-password NAME`."""

from __future__ import annotations

import argparse
import getpass
import sys
from typing import Optional, Sequence
from zoneinfo import ZoneInfo

from desk.accounts import Account, Accounts, login_of
from desk.migrations import migrate
from desk.passwords import Weak, first_password
from desk.words import DEFAULT, Words, desk_languages
from gateway.clock import utc_now
from gateway.errors import GatewayError
from gateway.store.database import Database
from knowledge.settings import settings

DEMO = "demo"


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Runs a command; 0 when it worked. Passwords come from the terminal or standard input, never from the command line."""
    parser = argparse.ArgumentParser(prog="python -m desk", description="Accounts of the coordinators' desk.")
    commands = parser.add_subparsers(dest="command", required=True)
    admin = commands.add_parser("create-admin", help="make an administrator")
    reset = commands.add_parser("reset-password", help="give an account a new password, and end its log-ins")
    for command in (admin, reset):
        command.add_argument("name", help="the log-in name")
        command.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    admin.add_argument("--language", default=DEFAULT, choices=desk_languages())
    demo = commands.add_parser("create-demo", help="make an account with a random password, for looking around")
    demo.add_argument("--role", default="lead", choices=("coordinator", "lead", "admin", "auditor"))
    demo.add_argument("--language", default=DEFAULT, choices=desk_languages())
    options = parser.parse_args(arguments)
    database = Database(settings().database_url)
    try:
        migrate(database)
        return _run(options, Accounts(database, utc_now))
    except (GatewayError, Weak) as error:
        words = Words(DEFAULT, _utc())
        key = f"error.{error.code}"
        print(words(key) if words.has(key) else str(error), file=sys.stderr)
        return 1
    finally:
        database.close()


def _run(options: argparse.Namespace, accounts: Accounts) -> int:
    if options.command == "create-demo":
        password = first_password()
        found = _named(accounts, DEMO)
        if found is None:
            accounts.create(DEMO, "Demo", options.role, options.language, password)
        else:
            accounts.set_password(found.id, password)
        print(f"log-in name: {DEMO}\npassword:    {password}")
        return 0
    if options.command == "create-admin":
        login = login_of(options.name)
        accounts.create(login, options.name, "admin", options.language, _password(options))
        print(f"The administrator {login} can log in at /desk.")
        return 0
    found = _named(accounts, login_of(options.name))
    if found is None:
        print(f"There is no account {options.name}.", file=sys.stderr)
        return 1
    accounts.set_password(found.id, _password(options), must_change=True)
    print("Done. All log-ins of this account have ended.")
    return 0


def _named(accounts: Accounts, login: str) -> Optional[Account]:
    return next((one for one in accounts.all() if one.login == login), None)


def _password(options: argparse.Namespace) -> str:
    if options.password_stdin:
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass("Password (15 characters or more): ")
    if first != getpass.getpass("Again: "):
        raise SystemExit("The two are not the same.")
    return first


def _utc() -> ZoneInfo:
    return ZoneInfo("UTC")


if __name__ == "__main__":
    sys.exit(main())
