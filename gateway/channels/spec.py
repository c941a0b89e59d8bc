"""What a messaging app can show: every limit, the unit in which the app counts, and where the limit is written down."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Dict, Mapping, Optional, Tuple

import regex

UNITS = ("characters", "utf16", "bytes", "graphemes")
_GRAPHEME = regex.compile(r"\X")


@dataclass(frozen=True)
class Source:
    """Where a limit is published. `checked`: the day it was read (ISO); `sure`: published (read at the provider), or reported (read elsewhere)."""

    url: str
    checked: str
    sure: str = "published"


@dataclass(frozen=True)
class ChannelSpec:
    """The limits of a channel. 0 means: the app has none of these.

    `max_text` of one message, in `unit`; `max_prompt`: of a text with buttons under it (0: as `max_text`); `max_buttons` of `max_label`, in
    `label_unit`; `max_rows` of a list that opens, each `max_row_title` and `max_row_note`, opened by a button of `max_list_label`;
    `pack`: messages in one call; `window_hours`: how long after the person's last message a reply is allowed (None: always), and
    `human_window_hours`: the same for a coordinator's; `cards`: answers are drawn as cards; `pull`: the person's device fetches from our own store,
    so that a message is sent when it is stored; `idempotent`: the provider refuses a repetition by its key; `forms`: forms that the channel
    draws; `sources`: by the name of a limit.
    """

    name: str
    max_text: int
    max_buttons: int
    max_label: int
    unit: str = "characters"
    label_unit: str = "characters"
    max_prompt: int = 0
    max_rows: int = 0
    max_row_title: int = 0
    max_row_note: int = 0
    max_list_label: int = 0
    pack: int = 1
    window_hours: Optional[float] = None
    human_window_hours: Optional[float] = None
    cards: bool = False
    pull: bool = False
    idempotent: bool = False
    forms: Tuple[str, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.unit not in UNITS or self.label_unit not in UNITS:
            raise ValueError(f"{self.name}: unit and label_unit are one of {', '.join(UNITS)}")

    def too_long(self, text: str) -> bool:
        """Whether a text breaks the limit of one message."""
        return measure(text, self.unit) > self.max_text

    @property
    def prompt(self) -> int:
        """The longest text that can have buttons."""
        return self.max_prompt or self.max_text

    @property
    def longest_window(self) -> Optional[float]:
        """Until when anybody may reply, in hours; None: always."""
        return None if self.window_hours is None else max(self.window_hours, self.human_window_hours or 0)

    def window(self, author: str) -> Optional[float]:
        """The window for a message by this author, in hours; None: always."""
        return self.longest_window if author == "coordinator" else self.window_hours

    def unsourced(self) -> Tuple[str, ...]:
        """The limits without a source; none, in a channel that is finished."""
        limits: Dict[str, object] = {one.name: getattr(self, one.name) for one in fields(self) if one.name.startswith("max_")}
        limits.update(pack=self.pack if self.pack > 1 else 0, window_hours=self.window_hours, human_window_hours=self.human_window_hours)
        return tuple(name for name, value in limits.items() if value and name not in self.sources)


def measure(text: str, unit: str) -> int:
    """The length of a text as an app counts it. Lone surrogates count as one."""
    if unit == "utf16":
        return len(text.encode("utf-16-le", "surrogatepass")) // 2
    if unit == "bytes":
        return len(text.encode("utf-8", "surrogatepass"))
    return sum(1 for _ in _GRAPHEME.finditer(text)) if unit == "graphemes" else len(text)


def head(text: str, limit: int, unit: str) -> str:
    """The longest beginning within the limit that cuts no grapheme (a letter with its accents, an emoji of several parts) in two; a single
    grapheme over the limit is cut between its characters."""
    if measure(text, unit) <= limit:
        return text
    used, end = 0, 0
    for found in _GRAPHEME.finditer(text):
        used += measure(found.group(), unit)
        if used > limit:
            break
        end = found.end()
    if end:
        return text[:end]
    for place, character in enumerate(text):
        limit -= measure(character, unit)
        if limit < 0:
            return text[:place]
    return text


def shorten(text: str, limit: int, unit: str) -> str:
    """The text, or its beginning with an ellipsis, within the limit."""
    flat = " ".join(text.split())
    if measure(flat, unit) <= limit:
        return flat
    return head(flat, limit - measure("…", unit), unit).rstrip() + "…"
