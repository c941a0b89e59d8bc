"""One message of the store, made into what an app can show. Nothing that is said is ever lost: what an app cannot draw becomes text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any, List, Mapping, Optional, Sequence, Tuple

import regex

from gateway.channels.spec import ChannelSpec, head, measure, shorten
from gateway.texts import say

_PLACES = (
    regex.compile(r"\n\s*\n"),  # between paragraphs
    regex.compile(r"\n"),
    regex.compile(r"(?<=[。！？])|(?<=[.!?])\s"),  # between sentences
    regex.compile(r"(?<=[、，])|\s"),
)
_OWN_PAGE = re.compile(r"(?<![\w:/.])(/(?:pages|widget)/[^\s）」]*)")
_SHOWN_LINKS = 3
# A card's own addresses, each with the text that names it.
_LINKS = (("page", "link_page"), ("calendar", "link_calendar"), ("feed", "link_calendar"))


@dataclass(frozen=True)
class Tap:
    """A button. `title` fits the app's limit; `full` is the whole title; `token` is what comes back (32 characters)."""

    title: str
    full: str
    token: str


@dataclass(frozen=True)
class Link:
    """An address with a short name."""

    title: str
    url: str


@dataclass(frozen=True)
class Sheet:
    """A card without an app: everything that the text says, in its parts. Any part but `text` may be empty. `trailer`: source and date."""

    title: str
    label: str
    intro: str
    text: str
    notes: str
    trailer: str
    links: Tuple[Link, ...]


@dataclass(frozen=True)
class Piece:
    """One message of the app.

    `style` says how the taps are shown: "buttons", "list" (rows that open; `Tap.full` fits a row's title and note together), or "" when there
    are none. `sheet`: the same content in parts, in apps with cards; the piece's `text` is complete without it.
    """

    text: str
    taps: Tuple[Tap, ...] = ()
    style: str = ""
    sheet: Optional[Sheet] = None


def render(body: Mapping[str, Any], spec: ChannelSpec, language: str, site: str = "") -> List[Piece]:
    """The pieces of a message, in order; taps are on the last one. Every text is within the spec's limits.

    Parameters: `body` as stored (text, buttons with title and token, card); `site`: our public address, put before addresses of our own pages.
    """
    text = _OWN_PAGE.sub(lambda found: site + found.group(1), str(body.get("text") or "").strip()) if site else str(body.get("text") or "").strip()
    sheet = sheet_of(text, body.get("card") or {}, language, site)
    text = _with_source(text, body.get("card") or {}, language)
    style, taps, listed = _taps(body, spec)
    if listed:
        text = "\n\n".join(part for part in (text, numbered_titles(body), "" if taps else say("choose_number", language)) if part)
    if not text and not taps:
        return []
    return _pieces(text, style, taps, sheet if spec.cards and not listed else None, spec, language)


def _pieces(text: str, style: str, taps: Tuple[Tap, ...], sheet: Optional[Sheet], spec: ChannelSpec, language: str) -> List[Piece]:
    if measure(text, spec.unit) <= (spec.prompt if taps else spec.max_text):
        return [Piece(text or say("choose", language), taps, style, sheet)]
    parts = split(text, spec.max_text, spec.unit)
    if taps and measure(parts[-1], spec.unit) > spec.prompt:
        parts.append(say("choose", language))
    return [*(Piece(part) for part in parts[:-1]), Piece(parts[-1], taps, style)]


# --- buttons -----------------------------------------------------------------------------------------------------------------


def _taps(body: Mapping[str, Any], spec: ChannelSpec) -> Tuple[str, Tuple[Tap, ...], bool]:
    """How the buttons are shown: style, taps, and whether their titles are listed by number in the text."""
    buttons = body.get("buttons") or []
    if not buttons:
        return "", (), False
    if len(buttons) <= spec.max_buttons and all(measure(one["title"], spec.label_unit) <= spec.max_label for one in buttons):
        return "buttons", tuple(Tap(one["title"], one["title"], one["token"]) for one in buttons), False
    if len(buttons) <= spec.max_rows and all(_row_fits(one["title"], spec) for one in buttons):
        rows = [shorten(one["title"], spec.max_row_title, spec.label_unit) for one in buttons]
        return "list", tuple(Tap(row, one["title"], one["token"]) for row, one in zip(rows, buttons)), False
    if len(buttons) <= spec.max_buttons:
        names = [shorten(f"{number}. {one['title']}", spec.max_label, spec.label_unit) for number, one in enumerate(buttons, 1)]
        return "buttons", tuple(Tap(name, one["title"], one["token"]) for name, one in zip(names, buttons)), True
    return "", (), True


def _row_fits(title: str, spec: ChannelSpec) -> bool:
    whole = measure(title, spec.label_unit)
    return whole <= spec.max_row_title or whole <= spec.max_row_note


def numbered(body: Mapping[str, Any], spec: ChannelSpec) -> bool:
    """Whether a message's choices were shown with numbers, so that a number is an answer to it."""
    return _taps(body, spec)[2]


def numbered_titles(body: Mapping[str, Any]) -> str:
    """The choices, one a line."""
    return "\n".join(f"{number}. {' '.join(str(one['title']).split())}" for number, one in enumerate(body.get("buttons") or [], 1))


def chosen(text: str, body: Mapping[str, Any], spec: ChannelSpec) -> Optional[str]:
    """The token of the button that a typed text means: its number where numbers were shown, or its title. None: it means none of them."""
    buttons: Sequence[Mapping[str, str]] = body.get("buttons") or []
    plain = unicodedata.normalize("NFKC", text).strip().strip(".。)）番").strip()
    if plain.isascii() and plain.isdigit() and len(plain) < 3 and numbered(body, spec):
        return buttons[int(plain) - 1]["token"] if 1 <= int(plain) <= len(buttons) else None
    same = [one["token"] for one in buttons if unicodedata.normalize("NFKC", one["title"]).casefold().strip() == plain.casefold()]
    return same[0] if len(same) == 1 else None


# --- cards -------------------------------------------------------------------------------------------------------------------


def sheet_of(text: str, card: Mapping[str, Any], language: str, site: str = "") -> Optional[Sheet]:
    """A card in its parts, taken out of the text, so that the two say the same. None when there is no card, or its parts are not in the text."""
    kind, content = _content(card)
    if not kind or not content.get("title"):
        return None
    lines = text.splitlines()
    url = _source(content).get("url") or ""
    trailing = next((place for place, line in enumerate(lines) if url and url in line), len(lines))
    main, trailer = lines[:trailing], [line.replace(url, "").strip() for line in lines[trailing:]]
    title = str(content["title"])
    place = next((place for place, line in enumerate(main) if line.strip("[]【】 ") == title), None)
    intro, rest = (main[:place], main[place + 1 :]) if place is not None else ([], main)
    inner, notes = "\n".join(rest).strip(), ""
    own = str(content.get("text") or "").strip()
    if own and inner.startswith(own):
        inner, notes = own, inner[len(own) :].strip()
    label = str(content.get("aspect_label") or "")
    links = _links(content, language, site)
    return Sheet(title, label, "\n".join(intro).strip(), inner, notes, "\n".join(line for line in trailer if line), links) if inner else None


def _content(card: Mapping[str, Any]) -> Tuple[str, Mapping[str, Any]]:
    for kind, content in card.items():
        if kind != "handoff" and isinstance(content, Mapping):
            return kind, content
    return "", {}


def _source(content: Mapping[str, Any]) -> Mapping[str, Any]:
    found = content.get("source")
    return found if isinstance(found, Mapping) else {}


def _links(content: Mapping[str, Any], language: str, site: str) -> Tuple[Link, ...]:
    found = [(say(name, language), str(content[key])) for key, name in _LINKS if content.get(key)]
    if _source(content).get("url"):
        found.append((say("link_source", language), str(_source(content)["url"])))
    absolute = [(title, site + url if url.startswith("/") and site else url) for title, url in found]
    return tuple(Link(title, url) for title, url in absolute if url.startswith(("https://", "http://")))[:_SHOWN_LINKS]


def _with_source(text: str, card: Mapping[str, Any], language: str) -> str:
    """The text with its card's source and date, which it nearly always has already."""
    source = _source(_content(card)[1])
    url = str(source.get("url") or "")
    if not url or url in text:
        return text
    checked = str(source.get("checked_on") or _content(card)[1].get("checked_on") or "")
    line = say("source_line", language, publisher=source.get("publisher") or "", title=source.get("title") or "", url=url)
    return "\n".join(part for part in (text, line, say("checked_line", language, date=checked) if checked else "") if part)


# --- long texts --------------------------------------------------------------------------------------------------------------


def split(text: str, limit: int, unit: str) -> List[str]:
    """A text in parts within the limit, cut between paragraphs, else lines, else sentences, else words, else letters; never inside a letter.
    Only white space at the cuts is dropped."""
    parts = []
    rest = text.strip()
    while measure(rest, unit) > limit:
        beginning = head(rest, limit, unit)
        cut = _cut(beginning, rest)
        parts.append(rest[:cut].strip())
        rest = rest[cut:].strip()
    return [part for part in (*parts, rest) if part]


def _cut(beginning: str, text: str) -> int:
    """Where to cut: the last good place in the second half of the beginning, else its end."""
    for pattern in _PLACES:
        places = [found.end() for found in pattern.finditer(text, 0, len(beginning)) if found.end() > len(beginning) // 2]
        if places:
            return places[-1]
    return len(beginning)
