"""Readings over kanji, for the furigana switch: which part of a text is read how."""

from __future__ import annotations

import re
import threading
from functools import lru_cache
from typing import Any, List, Optional, Tuple

Segment = Tuple[str, Optional[str]]
_KANJI = re.compile(r"[々〆ヶ一-鿿㐀-䶿豈-﫿]")
_RUN = re.compile(r"[々〆ヶ一-鿿㐀-䶿豈-﫿]+|[^々〆ヶ一-鿿㐀-䶿豈-﫿]+")
_ALONE = threading.Lock()
_TO_HIRAGANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ"))}


def has_readings(language: str) -> bool:
    """Whether the language is written with characters that have readings: the one whose analyser is the Japanese one."""
    from knowledge.languages import languages

    return language in languages() and languages()[language].analyser == "japanese"


def readings(text: str) -> List[Segment]:
    """The text in segments, each with its reading in hiragana, or None where none is needed. Joined, the segments are the text."""
    found: List[Segment] = []
    place = 0
    with _ALONE:  # the tagger keeps its result inside itself, and is not made for threads
        words = [(word.surface, getattr(word.feature, "kana", None)) for word in _tagger()(text)]
    for surface, kana in words:
        start = text.find(surface, place)
        if start < 0:
            continue
        if start > place:
            _add(found, text[place:start], None)
        # After a figure the dictionary often reads a counter wrongly (3日); no reading is better than a wrong one.
        counted = start > 0 and text[start - 1].isdigit()
        for segment in [(surface, None)] if counted else _word(surface, kana):
            _add(found, *segment)
        place = start + len(surface)
    if place < len(text):
        _add(found, text[place:], None)
    return found


def _word(surface: str, kana: Optional[str]) -> List[Segment]:
    if not kana or kana == "*" or not _KANJI.search(surface):
        return [(surface, None)]
    return _aligned(surface, kana.translate(_TO_HIRAGANA))


def _aligned(surface: str, reading: str) -> List[Segment]:
    """The reading over the kanji only: 申し込み + もうしこみ → 申[もう]し込[こ]み."""
    parts = _RUN.findall(surface)
    pattern = "".join("(.+)" if _KANJI.match(part) else f"({re.escape(part.translate(_TO_HIRAGANA))})" for part in parts)
    match = re.fullmatch(pattern, reading)
    if not match:
        return [(surface, reading)]
    return [(part, match.group(number) if _KANJI.match(part) else None) for number, part in enumerate(parts, start=1)]


def _add(found: List[Segment], text: str, reading: Optional[str]) -> None:
    if reading is None and found and found[-1][1] is None:
        found[-1] = (found[-1][0] + text, None)
    else:
        found.append((text, reading))


@lru_cache(maxsize=1)
def _tagger() -> Any:
    import fugashi

    return fugashi.Tagger()
