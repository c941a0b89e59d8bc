"""A company that wants to hire foreigners, as data. What stands here is the company's own statement, with its day; it is no job offer."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass
from typing import Any, Mapping

SHOWN_FOR = dt.timedelta(days=365)  # a statement older than this is not shown until the company has confirmed it


@dataclass(frozen=True)
class Company:
    """One company. `said_on`: the day of its statement; `checked`: the day an editor looked at `source`, the page or letter that holds it."""

    id: str
    name: Mapping[str, str]
    prefectures: tuple[str, ...]
    fields: tuple[str, ...]
    languages: tuple[str, ...]
    looking_for: Mapping[str, str]
    link: str
    source: str
    said_on: dt.date
    checked: dt.date

    def fresh(self, day: dt.date) -> bool:
        """Whether the statement is recent enough to be shown."""
        return day - self.said_on <= SHOWN_FOR

    def plain(self) -> dict[str, Any]:
        """As JSON can hold it."""
        lists = {key: list(value) if isinstance(value, tuple) else value for key, value in dataclasses.asdict(self).items()}
        return {**lists, "said_on": self.said_on.isoformat(), "checked": self.checked.isoformat()}


def company_of(plain: Mapping[str, Any]) -> Company:
    """The company that `plain()` made this of. Raises KeyError, TypeError or ValueError when it did not."""
    fields = dict(plain)
    for name in ("prefectures", "fields", "languages"):
        fields[name] = tuple(fields[name])
    return Company(**{**fields, "said_on": dt.date.fromisoformat(fields["said_on"]), "checked": dt.date.fromisoformat(fields["checked"])})
