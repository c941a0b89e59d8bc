"""The 47 prefectures and the main cities, by every name, from places.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Iterator, Mapping

from knowledge.documents import read_document

_TABLE = Path(__file__).with_name("places.yaml")


@dataclass(frozen=True)
class Prefecture:
    """One prefecture: id (its romanised name), region, and its name in each language."""

    id: str
    region: str
    name: Mapping[str, str]
    cities: tuple[str, ...]


@lru_cache(maxsize=1)
def prefectures() -> dict[str, Prefecture]:
    """The prefectures by id, from north to south."""
    return {row["id"]: Prefecture(row["id"], row["region"], row["name"], tuple(row["cities"])) for row in read_document(_TABLE).data}


def place_names() -> Iterator[tuple[str, str]]:
    """Every name of a prefecture or one of its cities, with the prefecture's id."""
    for prefecture in prefectures().values():
        for name in prefecture.name.values():
            yield name, prefecture.id
            if name[-1] in "都府県" and len(name) > 2:
                yield name[:-1], prefecture.id
        yield from ((city, prefecture.id) for city in prefecture.cities)
