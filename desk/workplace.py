"""Everything the desk's pages work with, put together once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Optional
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from desk.accounts import Accounts
from desk.articles import Shelf
from desk.canned import CannedReplies
from desk.passwords import Passwords
from desk.queries import Queries
from desk.sessions import Limits, Sessions
from desk.throttle import Throttle
from desk.words import Words, desk_languages, own_name
from gateway.vault import Vault

if TYPE_CHECKING:
    from gateway.services import Services

HERE = Path(__file__).parent
STATIC = HERE / "static"


@dataclass
class Workplace:
    """The gateway's services and the desk's own."""

    services: Services
    accounts: Accounts
    sessions: Sessions
    throttle: Throttle
    canned: CannedReplies
    shelf: Shelf
    queries: Queries
    environment: Environment
    zone: ZoneInfo
    version: str  # of the static files, so that browsers fetch new ones
    languages: list[tuple[str, str]]
    secure: bool

    def words_in(self, language: str) -> Words:
        """The desk's texts in the language of a person."""
        return Words(language, self.zone)


def workplace_of(
    services: Services, shelf: Optional[Shelf] = None, passwords: Optional[Passwords] = None, limits: Optional[Limits] = None
) -> Workplace:
    """Puts it together; the last three are for tests and settings."""
    database, clock = services.database, services.clock
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(STATIC.iterdir()))).hexdigest()[:12]
    return Workplace(
        services,
        Accounts(database, clock, passwords, Vault(services.settings.secrets.desk)),
        Sessions(database, clock, limits),
        Throttle(database, clock),
        CannedReplies(database, clock),
        shelf or Shelf(),
        Queries(database, clock),
        _environment(),
        ZoneInfo(services.settings.timezone),
        digest,
        [(code, own_name(code)) for code in desk_languages()],
        services.settings.secure,
    )


@lru_cache(maxsize=1)
def _environment() -> Environment:
    # Compiled once for the process, however many desks are made in it.
    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
