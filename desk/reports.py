"""Figures about the work of a period: waiting, first reply, handling, topics, ratings, and what the bot could not answer."""

from __future__ import annotations

import datetime as dt
import statistics
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Iterable, Mapping, Optional, Sequence

from rapidfuzz import fuzz

from desk.queries import Queries

_ALIKE = 86  # of 100: questions that say the same in slightly other words
_GROUPS = 200
_EXAMPLES = 3


@dataclass(frozen=True)
class Spread:
    """Some spans of time, in seconds."""

    count: int
    median: Optional[float]
    ninetieth: Optional[float]
    longest: Optional[float]


@dataclass
class Group:
    """Questions that say the same."""

    text: str
    language: str
    count: int
    last: dt.datetime
    topic: Optional[str]
    conversations: list[str] = field(default_factory=list)
    variants: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Report:
    """One period."""

    since: dt.datetime
    until: dt.datetime
    handoffs: int
    waiting: Spread
    first_reply: Spread
    handling: Spread
    by_topic: list[tuple[Optional[str], Any, int, Spread]]
    by_language: list[tuple[str, int, Spread]]
    by_reason: list[tuple[str, int]]
    by_outcome: list[tuple[str, int]]
    by_coordinator: list[tuple[str, int, Spread, Spread]]
    turns: Mapping[str, int]
    handoff_rate: Optional[float]
    ratings: list[tuple[int, int]]
    rating_mean: Optional[float]
    comments: list[Mapping[str, Any]]
    unanswered: list[Group]


def report_of(queries: Queries, since: dt.datetime, until: dt.datetime) -> Report:
    """The figures of a period."""
    handoffs = queries.handoffs(since, until)
    ratings = queries.ratings(since, until)
    turns = queries.turns(since, until)
    scores = Counter(row["score"] for row in ratings)
    topics = Counter(row["topic"] for row in handoffs)
    titles = {row["topic"]: row["topic_title"] for row in handoffs}
    total = sum(turns.values())
    return Report(
        since,
        until,
        len(handoffs),
        _waiting(handoffs),
        _first_reply(handoffs),
        _handling(handoffs),
        [
            (topic, titles[topic], count, _waiting([row for row in handoffs if row["topic"] == topic]))
            for topic, count in topics.most_common(30)
        ],
        [
            (code, count, _waiting([row for row in handoffs if row["lang"] == code]))
            for code, count in Counter(row["lang"] for row in handoffs).most_common()
        ],
        Counter(row["reason"] for row in handoffs).most_common(),
        Counter(row["outcome"] or "open" for row in handoffs).most_common(),
        _by_coordinator(handoffs),
        turns,
        len(handoffs) / total if total else None,
        [(score, scores.get(score, 0)) for score in range(5, 0, -1)],
        statistics.fmean(row["score"] for row in ratings) if ratings else None,
        [row for row in ratings if row["comment"]][:50],
        grouped(queries.unanswered(since, until)),
    )


def grouped(rows: Iterable[Mapping[str, Any]]) -> list[Group]:
    """Questions put together when they say the same, most frequent first. Within one language; rows come newest first."""
    exact: dict[tuple[str, str], Group] = {}
    for row in rows:
        text = str((row["body"] or {}).get("text") or "").strip()
        plain = _plain(text)
        if not plain:
            continue
        group = exact.setdefault((row["lang"], plain), Group(text, row["lang"], 0, row["created_at"], row["topic"]))
        group.count += 1
        if row["conversation_id"] not in group.conversations and len(group.conversations) < _EXAMPLES:
            group.conversations.append(row["conversation_id"])
    heads: list[tuple[str, Group]] = []
    for (language, plain), group in sorted(exact.items(), key=lambda item: -item[1].count):
        alike = next(
            (head for text, head in heads[:_GROUPS] if head.language == language and fuzz.token_sort_ratio(text, plain) >= _ALIKE), None
        )
        if alike is None:
            heads.append((plain, group))
        else:
            alike.count += group.count
            alike.last = max(alike.last, group.last)
            alike.variants.append(group.text)
            alike.conversations = [*alike.conversations, *(one for one in group.conversations if one not in alike.conversations)][
                :_EXAMPLES
            ]
    return sorted((group for _, group in heads), key=lambda group: (-group.count, -group.last.timestamp()))[:_GROUPS]


def spread_of(seconds: Iterable[Optional[float]]) -> Spread:
    """Median, ninetieth percentile and longest."""
    known = sorted(value for value in seconds if value is not None)
    if not known:
        return Spread(0, None, None, None)
    return Spread(len(known), statistics.median(known), known[min(len(known) - 1, round(0.9 * (len(known) - 1)))], known[-1])


def _between(row: Mapping[str, Any], start: str, end: str) -> Optional[float]:
    return (row[end] - row[start]).total_seconds() if row[start] and row[end] else None


def _waiting(rows: Sequence[Mapping[str, Any]]) -> Spread:
    return spread_of(_between(row, "opened_at", "accepted_at") for row in rows)


def _first_reply(rows: Sequence[Mapping[str, Any]]) -> Spread:
    return spread_of(_between(row, "opened_at", "first_reply_at") for row in rows)


def _handling(rows: Sequence[Mapping[str, Any]]) -> Spread:
    return spread_of(_between(row, "accepted_at", "closed_at") for row in rows)


def _by_coordinator(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, int, Spread, Spread]]:
    names = Counter(row["accepted_name"] for row in rows if row["accepted_name"])
    result = []
    for name, count in names.most_common():
        own = [row for row in rows if row["accepted_name"] == name]
        result.append((name, count, _first_reply(own), _handling(own)))
    return result


def _plain(text: str) -> str:
    letters = (letter if letter.isalnum() else " " for letter in unicodedata.normalize("NFKC", text).casefold())
    return " ".join("".join(letters).split())
