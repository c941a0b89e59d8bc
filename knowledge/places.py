"""The 47 prefectures, their main cities and the regions, by every name, from content/places.yaml and content/regions.yaml; and where somebody is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Iterator, Mapping, Optional

from babel import Locale
from babel.core import get_global

from knowledge.analysis import normalised
from knowledge.documents import read_document
from knowledge.languages import CONTENT, languages
from knowledge.search.names import Mention, NameTable


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


# --- where somebody is ----------------------------------------------------------------------------------------------------------

ABROAD, JAPAN = "abroad", "japan"
_JOINED = re.compile(r"[ァ-ヺー]")
_NO_PLACE = re.compile(r"[人語籍系]")  # 日本人, 中国語: people and languages


def whereabouts(text: str, asked: bool = False) -> Optional[str]:
    """ABROAD or JAPAN, when a text says that the person is there now; None when it does not say. `asked`: whether "where are you?" was asked just
    now, so that the name of a place is enough. What is wished, planned or past, or said of others, does not count."""
    return _where(text, asked) or (_where(text.translate(_KATAKANA), asked) if asked else None)


_KATAKANA = {code: code + 0x60 for code in range(ord("ぁ"), ord("ゖ") + 1)}  # ふぃりぴん: who has no katakana at hand


def _where(text: str, asked: bool) -> Optional[str]:
    words = _around()
    for part in _PARTS.split(normalised(text)):
        found = [one for one in _worldwide().find(part) if _is_place(part, one)]
        if not found or words["apart"].search(part) or (words["others"].search(part) and not asked):
            continue
        for one in found:
            around = f"{part[: one.start]}@{part[one.end :]}"
            if one.targets[0] == ABROAD and words["people"].search(around):
                continue
            if words["outside"].search(around):
                if one.targets[0] == JAPAN:
                    return ABROAD
            elif asked or words["here"].search(around):
                return one.targets[0]
    return None


_PARTS = re.compile(r"[,、。;；\n!?！？]|\.\s|\bbut\b|\band\b|けど|ですが|ますが")


def _is_place(text: str, found: Mention) -> bool:
    """Whether a name found is one by itself: タイ is no country in タイミング, and 日本 no place in 日本語."""
    before, after = text[: found.start][-1:], text[found.end :][:1]
    inside = _JOINED.match(found.text[-1]) is not None and _JOINED.match(after) is not None
    return not inside and not (_JOINED.match(found.text[0]) and _JOINED.match(before)) and not _NO_PLACE.match(after)


@lru_cache(maxsize=1)
def _worldwide() -> NameTable:
    row = read_document(CONTENT / "whereabouts.yaml").data
    home = [name for names in row["japan"].values() for name in names] + [name for name, _ in place_names()]
    away = {name for names in row["abroad"].values() for name in names} | set(_names_abroad(set(row["unmeant"])))
    return NameTable([*((name, JAPAN) for name in home), *((name, ABROAD) for name in sorted(away - set(home)))])


def _names_abroad(unmeant: set[str]) -> Iterator[str]:
    """Countries, and cities that stand for a time zone, as the Unicode CLDR names them in every language."""
    zones = {zone: country for zone, country in get_global("zone_territories").items() if len(country) == 2 and country not in ("JP", "AQ")}
    for code in languages():
        locale = Locale.parse(code)
        countries = {name for country, name in locale.territories.items() if len(country) == 2 and country not in _NO_COUNTRIES}
        yield from (part.strip() for name in countries for part in re.split(r"[()（）]", name) if len(part.strip()) > 1)
        for zone in zones:
            city = locale.time_zones.get(zone, {}).get("city") or zone.rpartition("/")[2].replace("_", " ")
            if city not in unmeant:
                yield city


_NO_COUNTRIES = {"JP", "AQ", "EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"}


@lru_cache(maxsize=1)
def _around() -> dict[str, re.Pattern[str]]:
    row = read_document(CONTENT / "whereabouts.yaml").data
    return {
        name: re.compile("|".join(one for patterns in row[name].values() for one in patterns))
        for name in ("here", "outside", "apart", "others", "people")
    }
