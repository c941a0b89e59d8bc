"""Brings the content into the database, and the search index into the cache."""

from __future__ import annotations

import subprocess

from knowledge.content_reader import inspect
from knowledge.index_file import index_path
from knowledge.settings import settings
from knowledge.store import LoadReport, Store
from launch.house import ROOT, CannotStart, House, python
from launch.progress import Step

_SHOWN = 20  # faults


def load_knowledge(home: House) -> LoadReport:
    """Loads what changed, and builds the index where it is missing, also when it failed the last time.

    Raises CannotStart with file and line of every fault; then nothing has been loaded.
    """
    home.var.mkdir(parents=True, exist_ok=True)
    with Step("Reading the knowledge"):
        library, faults = inspect()
    if faults:
        lines = "\n".join(str(fault).replace(f"{ROOT}/", "") for fault in faults[:_SHOWN])
        more = f"\n… and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise CannotStart(f"The knowledge has {len(faults)} fault(s); nothing was loaded. Mend these lines and start again:\n{lines}{more}")
    report = Store(settings().database_url).load(library)
    if report.changed or not index_path(report.version, settings().cache).is_file():
        with Step(f"Building the search index over {report.units} answers"):
            code = subprocess.call([python(), "-m", "actions.warm_up"], cwd=ROOT, env=home.environment())
        if code:
            raise CannotStart("The search index could not be built; the lines above say why.")
    return report
