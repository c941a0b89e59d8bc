"""What the composer knows: the channel's limits, the reply window, the canned replies filled in, the language."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional

from desk.words import Words
from gateway.channels.status import ChannelStatus
from knowledge.answers import Answer
from knowledge.languages import in_language

if TYPE_CHECKING:
    from desk.visit import Visit


@dataclass(frozen=True)
class Ready:
    """A canned reply, filled in for this conversation."""

    shortcut: str
    title: str
    text: str
    preview: str  # the same as the coordinator reads it


@dataclass(frozen=True)
class Composer:
    """Everything around the text field. `client_id` makes a reply that is sent twice one reply."""

    client_id: str
    max_text: int
    unit: str
    window: Optional[dt.datetime]
    expired: bool
    canned: list[Ready]
    draft: str
    language: str
    redraft: bool  # `draft` was refused a moment ago, and must not be replaced by an older one out of the browser
    warning: str  # what the channel costs, or why it does not work; empty when there is nothing to say
    grave: bool  # the warning changes what the coordinator should do


def composer_of(visit: Visit, view: Any, draft: str = "") -> Composer:
    """For one conversation."""
    services = visit.desk.services
    spec = services.replies.limits(view.channel)
    window = services.replies.window(view.id)
    warning, grave = _channel(visit, services.statuses.of(view.channel))
    return Composer(
        secrets.token_hex(16),
        spec.max_text,
        spec.unit,
        window,
        window is not None and window <= services.clock(),
        _canned(visit, view),
        draft,
        view.language,
        bool(draft),
        warning,
        grave,
    )


def article_text(answer: Answer, words: Words) -> str:
    """A reviewed answer in plain words, with its source and the day it was checked. `words`: in the answer's language."""
    lines = [
        answer.text,
        words("answer.source", publisher=answer.publisher, title=answer.source_title, url=answer.url),
        words("answer.checked", date=words.date(answer.checked)),
    ]
    if answer.confidence != "high":
        lines.append(words("answer.confirm"))
    if answer.stale_since:
        lines.append(words("answer.stale"))
    return "\n".join(lines)


def _channel(visit: Visit, status: ChannelStatus) -> tuple[str, bool]:
    """What the coordinator has to know of the channel before writing."""
    words = visit.words
    if status.state in ("off", "credentials"):
        return words("composer.channel_ill", state=words(f"channelstate.{status.state}")), True
    if status.left is None:
        return "", False
    key = "composer.quota_none" if status.left == 0 else "composer.quota_scarce" if status.scarce else "composer.quota"
    return words(key, left=words.number(status.left), quota=words.number(status.quota)), status.scarce


def _canned(visit: Visit, view: Any) -> list[Ready]:
    own = visit.words.language
    found = visit.desk.canned.all()
    return [
        Ready(
            one.shortcut,
            one.title_in(own),
            one.filled(view.language, _values(visit, view, view.language)),
            one.filled(own, _values(visit, view, own)),
        )
        for one in found
    ]


def _values(visit: Visit, view: Any, language: str) -> dict[str, str]:
    hours = visit.desk.services.hours
    topic = view.topic_title
    if isinstance(topic, dict):
        topic = in_language(topic, language) if topic else ""
    title = visit.desk.shelf.titles(language).get(view.topic or "")
    words = visit.desk.words_in(language)
    return {
        "coordinator": visit.account.name,
        "topic": title or topic or words("canned.this_topic"),
        "hours": hours.told(hours.status(), language) or words("canned.always"),
        "date": words.date(visit.desk.services.clock()),
    }
