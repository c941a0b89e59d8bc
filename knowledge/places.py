"""The 47 prefectures, their main cities and the regions, by every name, from content/places.yaml and content/regions.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Iterator, Mapping

from knowledge.documents import read_document
from knowledge.languages import CONTENT


@dataclass(frozen=True)
class Prefecture:
    """One prefecture: id (its romanised name), region, and its name in each language."""

    id: str
    region: str
    name: Mapping[str, str]
    cities: tuple[str, ...]


@dataclass(frozen=True)
class Region:
    """Several prefectures that people name together: id, name by language, further names, and the prefectures' ids from north to south."""

    id: str
    name: Mapping[str, str]
    names: tuple[str, ...]
    prefectures: tuple[str, ...]


@lru_cache(maxsize=1)
def prefectures() -> dict[str, Prefecture]:
    """The prefectures by id, from north to south."""
    return {row["id"]: Prefecture(row["id"], row["region"], row["name"], tuple(row["cities"])) for row in read_document(CONTENT / "places.yaml").data}


@lru_cache(maxsize=1)
def regions() -> dict[str, Region]:
    """The regions by id. Hokkaido and Okinawa are regions and prefectures at once, with one id."""
    found = {}
    for row in read_document(CONTENT / "regions.yaml").data:
        members = row.get("prefectures") or [one.id for one in prefectures().values() if one.region == row["id"]]
        more = (name for names in row["names"].values() for name in names)
        found[row["id"]] = Region(row["id"], row["name"], tuple(more), tuple(members))
    return found


def inside(place: str) -> frozenset[str]:
    """The prefectures of a place: of a region all of them, of a prefecture itself. Raises KeyError for an id that is neither."""
    return frozenset(regions()[place].prefectures) if place in regions() else frozenset({prefectures()[place].id})


def place_label(place: str) -> Mapping[str, str]:
    """The name of a prefecture or region by language. Raises KeyError."""
    return prefectures()[place].name if place in prefectures() else regions()[place].name


def place_names() -> Iterator[tuple[str, str]]:
    """Every name of a prefecture, one of its cities, or a region, with its id."""
    for prefecture in prefectures().values():
        for name in prefecture.name.values():
            yield name, prefecture.id
            if name[-1] in "都府県" and len(name) > 2:
                yield name[:-1], prefecture.id
        yield from ((city, prefecture.id) for city in prefecture.cities)
    for region in regions().values():
        yield from ((name, region.id) for name in (*region.name.values(), *region.names))
