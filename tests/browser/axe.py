"""axe-core, the checker for accessibility (Deque, MPL-2.0), by the version and hash in package-lock.json. Never part of the product.

The tests fetch it once with `npm ci`, into the cache. `python -m tests.browser.axe` does that beforehand, for machines whose
tests run without a network."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from knowledge.settings import settings
from tests.browser.browser import Browser

HERE = Path(__file__).parent
MANIFEST, LOCK = HERE / "package.json", HERE / "package-lock.json"
# Every rule for WCAG 2.2 A and AA, and axe's own advice beyond it.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class NoAxe(Exception):
    """axe-core is not there and could not be fetched; the text says what to do."""


@lru_cache(maxsize=1)
def axe_source() -> str:
    """The script, out of the cache or from npm. Raises NoAxe."""
    given = os.environ.get("MADOGUCHI_AXE")
    if given:
        return Path(given).read_text(encoding="utf-8")
    version = hashlib.sha256(MANIFEST.read_bytes() + LOCK.read_bytes()).hexdigest()[:16]
    folder = settings().cache / f"axe-{version}"
    script = folder / "node_modules" / "axe-core" / "axe.min.js"
    if not script.is_file():
        _fetch(folder)
    return script.read_text(encoding="utf-8")


def _fetch(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise NoAxe("needs npm to fetch axe-core (apt-get install npm), or the path of an axe.min.js in MADOGUCHI_AXE")
    folder.mkdir(parents=True, exist_ok=True)
    for file in (MANIFEST, LOCK):
        shutil.copy(file, folder)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=180, check=False)
    if done.returncode:
        raise NoAxe(f"npm could not fetch axe-core: {done.stderr.strip().splitlines()[-1:]}")


def needs_axe() -> None:
    """Skips the test when there is no axe-core, and says why."""
    try:
        axe_source()
    except NoAxe as error:
        pytest.skip(str(error))


def violations(browser: Browser) -> list[Any]:
    """What axe finds on the present page, the widget's shadow root included: [rule, [element and reason, …]]."""
    browser.run(f"if (!window.axe) {{ {axe_source()} }}")
    found: list[Any] = browser.run(
        "return axe.run(document, {runOnly: arguments[0]}).then(({violations}) =>"
        " violations.map(({id, nodes}) => [id, nodes.map((one) => `${one.html} ${one.failureSummary}`)]))",
        TAGS,
    )
    return found


if __name__ == "__main__":
    try:
        print(f"axe-core is there, {len(axe_source())} characters.")
    except NoAxe as problem:
        sys.exit(str(problem))
