"""Brings the content into the database, and the search index into the cache."""

from __future__ import annotations

import datetime as dt
import subprocess

from knowledge.content_reader import inspect
from knowledge.documents import ContentError
from knowledge.fingerprint import fingerprint
from knowledge.listings.curated import read_companies, read_events
from knowledge.listings.store import Listings
from knowledge.search.index_name import index_path
from knowledge.settings import settings
from knowledge.store import LoadReport, Store
from launch.house import ROOT, CannotStart, House, python
from launch.progress import Step

_FILES = "knowledge"  # the content, and the code that reads it
_SHOWN = 20  # faults


def load_knowledge(home: House) -> LoadReport:
    """Loads what changed, and builds the index where it is missing, also when it failed the last time.

    Raises CannotStart with file and line of every fault; then nothing has been loaded.
    """
    home.var.mkdir(parents=True, exist_ok=True)
    files = fingerprint(_FILES)
    store = Store(settings().database_url)
    report = store.loaded_from(files) or _load_content(store, files)
    _load_listings()
    if report.changed or not index_path(report.version, settings().cache).is_file():
        with Step(f"Building the search index over {report.units} answers"):
            code = subprocess.call([python(), "-m", "actions.warm_up"], cwd=ROOT, env=home.environment())
        if code:
            raise CannotStart("The search index could not be built; the lines above say why.")
    return report


def _load_content(store: Store, files: str) -> LoadReport:
    with Step("Reading the knowledge"):
        library, faults = inspect()
    if faults:
        lines = "\n".join(str(fault).replace(f"{ROOT}/", "") for fault in faults[:_SHOWN])
        more = f"\n… and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise CannotStart(f"The knowledge has {len(faults)} fault(s); nothing was loaded. Mend these lines and start again:\n{lines}{more}")
    return store.load(library, files)


def _load_listings() -> None:
    """The curated events and companies. What feeds brought, and what editors decided, stays."""
    try:
        events, companies = read_events(), read_companies()
    except ContentError as error:
        raise CannotStart(f"The events or companies have {len(error.faults)} fault(s); mend these lines and start again:\n{error}") from error
    listings = Listings(settings().database_url)
    listings.load_curated(events, companies, dt.datetime.now(dt.timezone.utc))
    listings.close()
