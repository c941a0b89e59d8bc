"""The desk's own tables, all named gw_desk_*. Times are kept as in the gateway's."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import declarative_base

from gateway.store.tables import Instant

Base: Any = declarative_base()


class AccountRow(Base):
    """Somebody who may work at the desk."""

    __tablename__ = "gw_desk_account"
    id = sa.Column(sa.String(40), primary_key=True)
    login = sa.Column(sa.String(80), nullable=False, unique=True)  # casefolded
    name = sa.Column(sa.String(80), nullable=False)  # what people in the chat see
    role = sa.Column(sa.String(20), nullable=False)
    language = sa.Column(sa.String(10), nullable=False)
    password = sa.Column(sa.String(200), nullable=False)
    must_change = sa.Column(sa.Boolean, nullable=False, default=False)
    totp_secret = sa.Column(sa.String(64))
    totp_step = sa.Column(sa.BigInteger, nullable=False, default=0)  # the last one used: a code works once
    disabled = sa.Column(sa.Boolean, nullable=False, default=False)
    created_at = sa.Column(Instant, nullable=False)
    last_login_at = sa.Column(Instant)


class SessionRow(Base):
    """One log-in of one browser. The token itself is only in the cookie."""

    __tablename__ = "gw_desk_session"
    token_hash = sa.Column(sa.String(64), primary_key=True)
    account_id = sa.Column(sa.ForeignKey("gw_desk_account.id", ondelete="CASCADE"), nullable=False, index=True)
    stage = sa.Column(sa.String(10), nullable=False)  # 'full', or 'code' while the one-time code is awaited
    created_at = sa.Column(Instant, nullable=False)
    seen_at = sa.Column(Instant, nullable=False)
    totp_setup = sa.Column(sa.String(64))  # a new secret that is not confirmed yet


class FailureRow(Base):
    """Failed log-ins of one name or address."""

    __tablename__ = "gw_desk_failure"
    key = sa.Column(sa.String(64), primary_key=True)
    count = sa.Column(sa.Integer, nullable=False)
    last_at = sa.Column(Instant, nullable=False)


class CannedRow(Base):
    """A canned reply; texts by language are JSON."""

    __tablename__ = "gw_desk_canned"
    id = sa.Column(sa.String(40), primary_key=True)
    shortcut = sa.Column(sa.String(40), nullable=False, unique=True)
    title = sa.Column(sa.JSON, nullable=False)
    text = sa.Column(sa.JSON, nullable=False)
    changed_at = sa.Column(Instant, nullable=False)
    changed_by = sa.Column(sa.String(80), nullable=False)
