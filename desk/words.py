"""The desk's own texts, one file a language (texts/), and how dates and spans of time are written."""

from __future__ import annotations

import datetime as dt
from functools import cache
from pathlib import Path
from typing import Any, Mapping, Optional
from zoneinfo import ZoneInfo

import yaml
from babel import Locale
from babel.dates import format_date, format_skeleton, format_time, format_timedelta
from babel.numbers import format_decimal, format_percent

from gateway.texts import messages
from knowledge.languages import in_language

TEXTS = Path(__file__).parent / "texts"
DEFAULT = "en"


@cache
def texts() -> dict[str, dict[str, str]]:
    """All texts: language → key → text. A further language is a further file."""
    return {path.stem: _flat(yaml.safe_load(path.read_text("utf-8"))) for path in sorted(TEXTS.glob("*.yaml"))}


def desk_languages() -> list[str]:
    """The languages that the desk's pages can be read in."""
    return list(texts())


def own_name(language: str) -> str:
    """What a language is called in itself."""
    return Locale.parse(language).get_language_name(language) or language


def best_language(accept: str, wished: Optional[str] = None) -> str:
    """The language of the pages for who has not logged in: the one wished, else the first known of Accept-Language."""
    for code in (wished, *(part.split(";")[0].strip() for part in accept.split(","))):
        base = (code or "").split("-")[0].lower()
        if base in texts():
            return base
    return DEFAULT


class Words:
    """The texts in one language, for one time zone."""

    def __init__(self, language: str, zone: ZoneInfo) -> None:
        self.language = language if language in texts() else DEFAULT
        self.zone = zone
        self._texts = texts()[self.language]

    def __call__(self, key: str, **fields: Any) -> str:
        """A text with its fields filled in. Raises KeyError."""
        text = self._texts[key]
        return text.format(**fields) if fields else text

    def of(self, group: str, value: Any, default: Optional[str] = None) -> str:
        """The word for a value out of the data (`reason.danger`); the value itself when there is none."""
        return self._texts.get(f"{group}.{value}", str(value) if default is None else default)

    def failure(self, reason: str) -> str:
        """Why a message was not delivered: our words for the reason, and the provider's own after a colon. Old reasons are shown as they are."""
        code, _, detail = reason.partition(": ")
        known = f"failure_{code}" in messages()
        return (in_language(messages()[f"failure_{code}"], self.language) if known else code) + (f" ({detail})" if detail else "")

    def has(self, key: str) -> bool:
        """Whether there is such a text."""
        return key in self._texts

    def date(self, moment: Any) -> str:
        """A day in words."""
        return "" if moment is None else format_date(self._local(moment), "medium", self.language)

    def day(self, moment: Any) -> str:
        """A day with its weekday."""
        return "" if moment is None else format_date(self._local(moment), "full", self.language)

    def time(self, moment: Any) -> str:
        """Hour and minute; with the day when it is not today's."""
        if moment is None:
            return ""
        today = dt.datetime.now(self.zone).date()
        return self.clock(moment) if self._local(moment).date() == today else self.moment(moment)

    def moment(self, moment: Any) -> str:
        """Day, hour and minute; with the year when it is not this one."""
        if moment is None:
            return ""
        local = self._local(moment)
        shape = "MMMd" if local.year == dt.datetime.now(self.zone).year else "yMMMd"
        return f"{format_skeleton(shape, local, locale=self.language)} {self.clock(moment)}"

    def clock(self, moment: Any) -> str:
        """Hour and minute only."""
        return "" if moment is None else format_time(self._local(moment), "HH:mm", locale=self.language)

    def span(self, seconds: Optional[float]) -> str:
        """A span of time in words."""
        if seconds is None:
            return "–"
        return format_timedelta(dt.timedelta(seconds=max(0, seconds)), threshold=1.5, format="short", locale=self.language)

    def since(self, moment: Any, now: dt.datetime) -> str:
        """How long ago, in words."""
        return "" if moment is None else self.span(self.seconds(moment, now))

    def seconds(self, moment: Any, now: dt.datetime) -> float:
        """How long ago, in seconds; 0 for never."""
        return 0.0 if moment is None else (now - _aware(moment)).total_seconds()

    def number(self, value: Any, digits: int = 0) -> str:
        """A number."""
        return "–" if value is None else format_decimal(round(value, digits), locale=self.language)

    def percent(self, value: Optional[float]) -> str:
        """A share."""
        return "–" if value is None else format_percent(value, locale=self.language)

    def language_name(self, code: Optional[str]) -> str:
        """What a language is called in this one."""
        try:
            return Locale.parse(code).get_language_name(self.language) or str(code) if code else "–"
        except (ValueError, LookupError):
            return str(code)

    def weekday(self, number: int) -> str:
        """Monday is 0."""
        return str(Locale.parse(self.language).days["stand-alone"]["wide"][number])

    def _local(self, moment: Any) -> Any:
        if isinstance(moment, dt.date) and not isinstance(moment, dt.datetime):
            return moment
        return _aware(moment).astimezone(self.zone)


def _aware(moment: Any) -> dt.datetime:
    # What comes from JSON (transcripts, presence) carries its moments as ISO 8601.
    if isinstance(moment, str):
        moment = dt.datetime.fromisoformat(moment.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.timezone.utc)


def _flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            flat.update(_flat(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = str(value)
    return flat
