"""The secrets of one-time codes are sealed in the database."""

from __future__ import annotations

import pyotp
import pytest
import sqlalchemy as sa

from desk.accounts import TOTP_SECONDS, Accounts
from desk.tables import AccountRow
from gateway.vault import Vault
from tests.desk.conftest import World


def kept(world: World, account: str) -> str:
    with world.services.database.read() as session:
        return str(session.execute(sa.select(AccountRow.totp_secret).where(AccountRow.id == account)).scalar_one())


def switched_on(world: World) -> tuple[str, pyotp.TOTP]:
    account, totp = world.accounts["lead"], pyotp.TOTP(pyotp.random_base32())
    world.desk.accounts.set_totp(account.id, totp.secret, totp.at(world.clock.now))
    world.clock.forward(TOTP_SECONDS)
    return account.id, totp


def test_sealed_and_still_checked(world: World) -> None:
    account, totp = switched_on(world)
    assert totp.secret not in kept(world, account) and len(kept(world, account)) <= 64, "the width of the column"
    assert world.desk.accounts.check_code(account, totp.at(world.clock.now))


def test_one_of_a_former_version_is_sealed_at_the_next_log_in(world: World) -> None:
    account, totp = switched_on(world)
    world.desk.accounts._change(account, totp_secret=totp.secret)
    assert not world.desk.accounts.check_code(account, "000000") and kept(world, account) == totp.secret
    assert world.desk.accounts.check_code(account, totp.at(world.clock.now))
    assert totp.secret not in kept(world, account)
    world.clock.forward(TOTP_SECONDS)
    assert world.desk.accounts.check_code(account, totp.at(world.clock.now))


def test_with_another_key_no_code_is_right_and_the_log_says_what_to_do(world: World, caplog: pytest.LogCaptureFixture) -> None:
    account, totp = switched_on(world)
    others = Accounts(world.services.database, world.clock, vault=Vault("x" * 40))
    assert not others.check_code(account, totp.at(world.clock.now))
    assert "MADOGUCHI_DESK_SECRET" in caplog.text and totp.secret not in caplog.text
    assert world.desk.accounts.check_code(account, totp.at(world.clock.now)), "nothing was lost"


def test_moved_to_another_account_it_does_not_open(world: World) -> None:
    account, totp = switched_on(world)
    thief = world.accounts["coordinator"].id
    world.desk.accounts._change(thief, totp_secret=kept(world, account))
    assert not world.desk.accounts.check_code(thief, totp.at(world.clock.now))
