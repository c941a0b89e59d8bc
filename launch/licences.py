"""`python -m launch.licences`: writes THIRD_PARTY.md from pyproject.toml, requirements.lock and the metadata of the installed packages.

With `--check` it writes nothing, and ends with 1 when the file is not what it would write.
"""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import Iterable, Iterator

import tomli

from launch.house import ROOT

TARGET = ROOT / "THIRD_PARTY.md"
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^ \\;\n]+)", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_LICENCE_FILE = re.compile(r"(^|/)([a-z]+_)?(licen[cs]e|copying|notice)[^/]*\Z", re.IGNORECASE)
_WHERE = "BUNDLED in launch/licences.py"
_LONGEST = 60  # characters; some packages put the whole text of their licence into the field


class CannotList(Exception):
    """Something that keeps the list from being true. The text says what to do."""


@dataclass(frozen=True)
class Package:
    """One dependency: its name, the version of the lock, its licence as its metadata state it, and the licence files that it carries."""

    name: str
    version: str
    licence: str
    files: tuple[str, ...]


@dataclass(frozen=True)
class Data:
    """Data inside a package, under terms of their own. `evidence`: a file of the package, and words in it that state those terms."""

    title: str
    package: str
    licence: str
    evidence: str
    words: tuple[str, ...]


BUNDLED = (
    Data(
        "UniDic 2.1.2, the dictionary that fugashi splits Japanese with", "unidic-lite",
        "BSD-3-Clause, GPL or LGPL, at the user's choice; used here under BSD-3-Clause. © The UniDic Consortium",
        "unidic_lite/dicdir/COPYING", ("UniDic Consortium", "GPL", "LGPL", "BSD License"),
    ),
    Data(
        "English lemma tables of spacy-lookups-data. Made from WordNet 3.0", "spacy-lookups-data",
        "MIT (the package); WordNet 3.0 licence (the tables). © Princeton University",
        "spacy_lookups_data/data/en_license.txt", ("WordNet Release 3.0", "Princeton University"),
    ),
    Data(
        "Locale data of Babel, used for dates. Made from the Unicode CLDR", "babel",
        "Unicode licence", "babel/locale-data/LICENSE.unicode", ("UNICODE",),
    ),
)  # fmt: skip


def main() -> int:
    """Writes the list, or with `--check` compares it. Returns 1 when it cannot be made or is not up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    try:
        text = third_party()
    except CannotList as error:
        print(error, file=sys.stderr)
        return 1
    if not check:
        TARGET.write_text(text, encoding="utf-8")
    elif not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
        print(f"{TARGET.name} is not up to date. Run: make licences", file=sys.stderr)
        return 1
    return 0


def third_party() -> str:
    """The text of THIRD_PARTY.md. Raises CannotList when the environment is not that of the lock."""
    project = tomli.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned = pinned_versions()
    direct = packages(project["dependencies"], pinned)
    tools = packages(project["optional-dependencies"]["dev"], pinned)
    others = len(pinned) - len({_plain(one.name) for one in (*direct, *tools)})
    return "\n".join([*_head(), *_table(direct), *_data(), *_tools(tools), *_rest(others)])


def pinned_versions() -> dict[str, str]:
    """Every package of requirements.lock with its version."""
    return {_plain(name): version for name, version in _PINNED.findall((ROOT / "requirements.lock").read_text(encoding="utf-8"))}


def packages(requirements: Iterable[str], pinned: dict[str, str]) -> list[Package]:
    """The packages that are required, in alphabetical order. Raises CannotList when one is not installed as it is pinned."""
    return sorted((_package(_name(requirement), pinned) for requirement in requirements), key=lambda one: one.name.lower())


def licence_of(installed: Distribution) -> str:
    """The licence as the metadata state it: the SPDX expression, else the short field, else the classifiers."""
    meta = installed.metadata
    for field in ("License-Expression", "License"):
        stated = meta[field].strip() if field in meta else ""
        if stated and len(stated) <= _LONGEST and "\n" not in stated:
            return stated
    classifiers = [value.split("::")[-1].strip() for value in meta.get_all("Classifier") or [] if value.startswith("License")]
    return ", ".join(classifiers) or "see the package's licence file"


def licence_files(installed: Distribution) -> tuple[str, ...]:
    """The licence files that a package carries about itself, not those of code that it bundles."""
    found = {file.name for file in installed.files or [] if ".dist-info" in str(file) and _LICENCE_FILE.search(str(file))}
    return tuple(sorted(found))


def _package(name: str, pinned: dict[str, str]) -> Package:
    installed, version = _installed(name), pinned.get(_plain(name))
    if installed.version != version:
        raise CannotList(f"{name} is installed as {installed.version}, requirements.lock says {version}. Run: make setup")
    return Package(name, installed.version, licence_of(installed), licence_files(installed))


def _installed(name: str) -> Distribution:
    try:
        return distribution(name)
    except PackageNotFoundError as error:
        raise CannotList(f"{name} is not installed. Run: make setup") from error


def _name(requirement: str) -> str:
    match = _NAME.match(requirement)
    if match is None:
        raise CannotList(f"'{requirement}' in pyproject.toml does not begin with the name of a package.")
    return match.group()


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _head() -> Iterator[str]:
    yield "# Third-party software and data"
    yield ""
    yield "Made by `make licences` (launch/licences.py); do not edit it by hand. Versions are those of `requirements.lock`, licences are"
    yield "as the installed packages state them. Madoguchi copies no code from them: they are installed beside it."
    yield ""
    yield "## Packages that it runs with"
    yield ""


def _table(rows: Iterable[Package]) -> Iterator[str]:
    yield "| Package | Version | Licence | Its licence files |"
    yield "| --- | --- | --- | --- |"
    for row in rows:
        yield f"| {row.name} | {row.version} | {row.licence} | {', '.join(row.files) or 'none in the package'} |"
    yield ""


def _data() -> Iterator[str]:
    yield "## Data inside these packages"
    yield ""
    yield "| Data | Package | Licence | Stated in |"
    yield "| --- | --- | --- | --- |"
    for data in BUNDLED:
        _prove(data)
        yield f"| {data.title} | {data.package} | {data.licence} | `{data.evidence}` |"
    yield ""


def _tools(rows: Iterable[Package]) -> Iterator[str]:
    yield "## Tools for development and tests"
    yield ""
    yield "They take no part in answering. The browser tests also fetch axe-core (MPL-2.0) from npm, pinned in `tests/browser/package-lock.json`."
    yield ""
    yield from _table(rows)


def _rest(count: int) -> Iterator[str]:
    yield "## The rest"
    yield ""
    yield f"`requirements.lock` names {count} more packages, which those above need. What each states about its licence is in"
    yield "`.venv/lib/python3.10/site-packages/<name>-<version>.dist-info`."
    yield ""
    yield "`psycopg2-binary` (LGPL) is loaded only when the database is PostgreSQL. If you pass on an image with it inside, keep to the"
    yield "LGPL for it."
    yield ""


def _prove(data: Data) -> None:
    text = _content(_installed(data.package), data.evidence)
    missing = [words for words in data.words if words not in text]
    if missing:
        raise CannotList(f"{data.evidence} of {data.package} no longer says {missing}. Read its terms and correct {_WHERE}.")


def _content(installed: Distribution, path: str) -> str:
    file = installed.locate_file(path)
    try:
        with open(str(file), encoding="utf-8") as stream:
            return stream.read()
    except FileNotFoundError as error:
        raise CannotList(f"{installed.metadata['Name']} has no file {path} any more. Correct {_WHERE}.") from error


if __name__ == "__main__":
    sys.exit(main())
