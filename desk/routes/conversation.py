"""One conversation: what was said, who has it, and everything a coordinator can do with it."""

from __future__ import annotations

import datetime as dt
import json
import secrets
from types import SimpleNamespace
from typing import Any, Callable, Mapping, Optional

from starlette.responses import Response

from desk.articles import NotReady, card_of
from desk.composer import Composer, article_text, composer_of
from desk.routes.queue import rail_context
from desk.routing import Page, error_page, error_text
from desk.visit import Visit
from gateway.errors import Conflict, GatewayError, Invalid
from gateway.ownership import OUTCOMES

_AT_ONCE = 400  # messages drawn at first; older ones on demand
SNOOZES = ("hour", "tomorrow", "monday", "week")


def conversation_page(visit: Visit, status: int = 200, problem: str = "", draft: str = "") -> Response:
    """The whole page. `problem`: what could not be done, in words; `draft`: what must not be lost over it."""
    conversation_id = visit.path("id")
    desk = visit.desk.services.desk
    view = opened(visit)
    if visit.account.role == "auditor":
        visit.log("conversation.viewed", conversation_id)
    after = max(0, view.last_seq - _AT_ONCE)
    messages = desk.transcript(conversation_id, after=after, limit=_AT_ONCE)
    _mark_read(visit, view, messages)
    return visit.page(
        "conversation.html",
        status,
        messages=messages,
        after=after,
        problem=problem,
        composer=_composer(visit, view, draft),
        colleagues=_colleagues(visit),
        **rail_context(visit, conversation_id),
        **_view(visit, view),
    )


def head_part(visit: Visit) -> Response:
    """Who has it and what can be done; fetched again after every change."""
    view = opened(visit)
    return visit.page("_head.html", colleagues=_colleagues(visit), **_view(visit, view))


def side_part(visit: Visit) -> Response:
    """Reason, summary, notes, ratings."""
    view = opened(visit)
    return visit.page("_side.html", **_view(visit, view))


def messages_part(visit: Visit) -> Response:
    """Messages after a number (new ones), or up to one (older ones, or one that has changed)."""
    conversation_id = visit.path("id")
    desk = visit.desk.services.desk
    after, upto = _number(visit.query("after")), _number(visit.query("upto"))
    view = opened(visit)
    limit = min(_AT_ONCE, upto - after) if upto else _AT_ONCE
    messages = [
        message for message in desk.transcript(conversation_id, after=after, limit=max(1, limit)) if not upto or message["seq"] <= upto
    ]
    if visit.query("seen") == "1":
        _mark_read(visit, view, messages)
    return visit.page("_messages.html", messages=messages, after=after, **_view(visit, view))


# --- who has it ----------------------------------------------------------------------------------------------------------


def claim(visit: Visit) -> Response:
    """Takes a waiting conversation."""
    return _act(visit, "claimed", lambda ownership, key: ownership.claim(key, visit.who))


def take_over(visit: Visit) -> Response:
    """Takes it from the bot or a colleague, on purpose."""
    return _act(visit, "taken_over", lambda ownership, key: ownership.take_over(key, visit.who, _epoch(visit)))


def assign(visit: Visit) -> Response:
    """A lead gives it to somebody."""
    to = _colleague(visit)
    return _act(visit, "assigned", lambda ownership, key: ownership.assign(key, visit.who, to))


def transfer(visit: Visit) -> Response:
    """Passes one's own on, with a note."""
    to = _colleague(visit)
    return _act(visit, "transferred", lambda ownership, key: ownership.transfer(key, visit.who, to, visit.field("note")[:4000]))


def release(visit: Visit) -> Response:
    """Back to the bot."""
    return _act(visit, "released", lambda ownership, key: ownership.release(key, visit.who, visit.field("note")[:4000]))


def close(visit: Visit) -> Response:
    """Ends it, with an outcome."""
    return _act(visit, "closed", lambda ownership, key: ownership.close(key, visit.who, visit.field("outcome"), visit.field("note")[:4000]))


def reopen(visit: Visit) -> Response:
    """Takes a closed one up again."""
    return _act(visit, "reopened", lambda ownership, key: ownership.reopen(key, visit.who))


def snooze(visit: Visit) -> Response:
    """Out of sight until later."""
    until = snooze_until(visit.field("until"), visit.desk.services.clock().astimezone(visit.desk.zone))
    return _act(visit, "snoozed", lambda ownership, key: ownership.snooze(key, visit.who, until))


def unsnooze(visit: Visit) -> Response:
    """Back in sight."""
    return _act(visit, "unsnoozed", lambda ownership, key: ownership.unsnooze(key, visit.who))


def priority(visit: Visit) -> Response:
    """0 to 3."""
    return _act(visit, "saved", lambda ownership, key: ownership.set_priority(key, visit.who, visit.number("priority", -1)))


def labels(visit: Visit) -> Response:
    """Short words, separated by commas."""
    words = visit.field("labels").replace("、", ",").replace("，", ",").split(",")
    return _act(visit, "saved", lambda ownership, key: ownership.set_labels(key, visit.who, words))


# --- what is said --------------------------------------------------------------------------------------------------------


def reply(visit: Visit) -> Response:
    """Sends what was written, if the conversation is still as it was when it was written."""
    text = visit.field("text").replace("\r\n", "\n").strip()
    return _send(visit, text, None)


def send_article(visit: Visit) -> Response:
    """Sends a reviewed answer as it is, in the person's language, with its source."""
    view = opened(visit)
    pair = visit.desk.shelf.pair(visit.field("unit"), visit.words.language, view.language)
    if pair is None:
        raise Invalid("article_unknown")
    words = visit.desk.words_in(view.language)
    return _send(visit, article_text(pair.theirs, words), {"answer": card_of(pair.theirs)})


def _send(visit: Visit, text: str, card: Optional[Mapping[str, Any]]) -> Response:
    key = visit.path("id")
    try:
        if not text:
            raise Invalid("text_missing")
        visit.desk.services.replies.reply(
            key,
            visit.who,
            text,
            visit.number("epoch", -1),
            visit.field("client_id")[:64] or secrets.token_hex(16),
            language=visit.field("language") or None,
            card=dict(card) if card else None,
        )
    except GatewayError as error:
        problem = error_text(visit.words, error)
        if visit.by_htmx:
            view = opened(visit)
            return visit.page("_composer_problem.html", error.status, problem=problem, stale=error.code == "stale", view=view)
        return conversation_page(visit, error.status, problem, text)
    if visit.by_htmx:
        view = opened(visit)
        # The page may go on under the new epoch only when it was this reply that took the conversation, not somebody else after it.
        told = {"desk-article-sent" if card else "desk-sent": {"epoch": view.epoch if view.assignee == visit.account.id else None}}
        return visit.page("_alert.html", 200, {"HX-Trigger": json.dumps(told)}, text="")
    return visit.go(f"/c/{key}")


def note(visit: Visit) -> Response:
    """A private note."""
    text = visit.field("text").strip()[:4000]
    key = visit.path("id")
    if not text:
        raise Invalid("text_missing")
    visit.desk.services.notes.add(key, visit.who, text)
    if visit.by_htmx:
        return visit.page("_side.html", **_view(visit, opened(visit)))
    return visit.go(f"/c/{key}", done="noted")


def retry(visit: Visit) -> Response:
    """Sends a failed message once more."""
    return _act(visit, "retried", lambda _, key: visit.desk.services.outbox.retry(visit.field("message"), visit.who))


def knowledge(visit: Visit) -> Response:
    """Searches the articles in the coordinator's language; shows them in the person's too."""
    view = opened(visit)
    try:
        pairs = visit.desk.shelf.search(visit.query("q"), visit.words.language, view.language)
    except NotReady as error:
        # The page asks again by itself while the index is being made.
        text, again = error_text(visit.words, error), error.code == "knowledge_loading"
        return visit.page("_knowledge_wait.html", error.status, text=text, again=again, view=view, q=visit.query("q"))
    words = visit.desk.words_in(view.language)
    texts = {pair.unit: article_text(pair.theirs, words) for pair in pairs}
    return visit.page(
        "_knowledge.html", pairs=pairs, texts=texts, view=view, asked=bool(visit.query("q").strip()), own=view.assignee == visit.account.id
    )


def presence(visit: Visit) -> Response:
    """Says "I am looking at this" or "I am writing"; gives back who else does."""
    key = visit.path("id")
    desk = visit.desk.services
    opened(visit)
    if visit.account.may("talk"):
        desk.presence.beat(visit.who, key, visit.field("typing") == "1")
    return visit.page("_viewers.html", viewers=_others(visit, key))


def opened(visit: Visit) -> Any:
    """The conversation that the address names, its queue row and what is around it as one flat object. Raises NotFound."""
    view = visit.desk.services.desk.conversation(visit.path("id"))
    return SimpleNamespace(**{**vars(view.row), **vars(view)})


# --- inside --------------------------------------------------------------------------------------------------------------


def snooze_until(choice: str, now: dt.datetime) -> dt.datetime:
    """When a snooze ends. In the office's time zone; mornings are at nine."""
    morning = now.replace(hour=9, minute=0, second=0, microsecond=0)
    if choice == "hour":
        return now + dt.timedelta(hours=1)
    if choice == "tomorrow":
        return morning + dt.timedelta(days=1)
    if choice == "monday":
        return morning + dt.timedelta(days=7 - now.weekday())
    if choice == "week":
        return morning + dt.timedelta(days=7)
    raise Invalid("snooze_unknown")


def _act(visit: Visit, done: str, change: Callable[[Any, str], Any]) -> Response:
    key = visit.path("id")
    try:
        change(visit.desk.services.ownership, key)
    except (Conflict, Invalid) as error:
        if visit.by_htmx:
            return error_page(visit, error)
        return conversation_page(visit, error.status, error_text(visit.words, error))
    return visit.go(f"/c/{key}", done=done)


def _view(visit: Visit, view: Any) -> dict[str, Any]:
    account = visit.account
    handoff = view.handoffs[-1] if view.handoffs else None
    return {
        "view": view,
        "handoff": handoff,
        "own": view.mode == "human" and view.assignee == account.id,
        "may_talk": account.may("talk"),
        "outcomes": OUTCOMES,
        "snoozes": SNOOZES,
        "viewers": _others(visit, view.id),
    }


def _composer(visit: Visit, view: Any, draft: str) -> Optional[Composer]:
    return composer_of(visit, view, draft) if visit.account.may("talk") else None


def _others(visit: Visit, key: str) -> list[Mapping[str, Any]]:
    return [one for one in visit.desk.services.presence.viewers(key) if one["id"] != visit.account.id]


def _colleagues(visit: Visit) -> list[Any]:
    online = {one["id"] for one in visit.desk.services.presence.online()}
    return [(one, one.id in online) for one in visit.desk.accounts.colleagues() if one.id != visit.account.id]


def _colleague(visit: Visit) -> Any:
    found = next((one for one in visit.desk.accounts.colleagues() if one.id == visit.field("to")), None)
    if found is None:
        raise Invalid("colleague_unknown")
    return found.coordinator


def _mark_read(visit: Visit, view: Any, messages: list[Any]) -> None:
    # Only by who has it or could take it: an auditor's look, or a lead's at a colleague's, must not hide that something is new.
    if messages and visit.account.may("talk") and view.assignee in (None, visit.account.id):
        visit.desk.services.desk.read(view.id, messages[-1]["seq"])


def _epoch(visit: Visit) -> Optional[int]:
    return visit.number("epoch") if visit.field("epoch") else None


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


PAGES = [
    Page("GET", "/c/{id}", conversation_page, "read"),
    Page("GET", "/c/{id}/head", head_part, "read"),
    Page("GET", "/c/{id}/side", side_part, "read"),
    Page("GET", "/c/{id}/messages", messages_part, "read"),
    Page("GET", "/c/{id}/knowledge", knowledge, "talk"),
    Page("POST", "/c/{id}/presence", presence, "read"),
    Page("POST", "/c/{id}/claim", claim, "talk"),
    Page("POST", "/c/{id}/take-over", take_over, "talk"),
    Page("POST", "/c/{id}/assign", assign, "assign"),
    Page("POST", "/c/{id}/transfer", transfer, "talk"),
    Page("POST", "/c/{id}/release", release, "talk"),
    Page("POST", "/c/{id}/close", close, "talk"),
    Page("POST", "/c/{id}/reopen", reopen, "talk"),
    Page("POST", "/c/{id}/snooze", snooze, "talk"),
    Page("POST", "/c/{id}/unsnooze", unsnooze, "talk"),
    Page("POST", "/c/{id}/priority", priority, "talk"),
    Page("POST", "/c/{id}/labels", labels, "talk"),
    Page("POST", "/c/{id}/reply", reply, "talk"),
    Page("POST", "/c/{id}/article", send_article, "talk"),
    Page("POST", "/c/{id}/note", note, "talk"),
    Page("POST", "/c/{id}/retry", retry, "talk"),
]
