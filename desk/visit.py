"""One request at the desk: who asks, what was sent, and how to answer it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Mapping, Optional
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from desk.accounts import Account
from desk.sessions import DeskSession, form_token
from desk.words import Words
from gateway.people import Coordinator
from knowledge.languages import in_language

if TYPE_CHECKING:
    from desk.workplace import Workplace


@dataclass
class Visit:
    """Handlers get one of these and return a response. They run in a thread, so they may wait for the database."""

    request: Request
    desk: Workplace
    words: Words
    session: Optional[DeskSession]
    form: Mapping[str, list[str]] = field(default_factory=dict)
    before: str = ""  # the cookie of who has not logged in yet; its forms hang on it

    @property
    def account(self) -> Account:
        """Whose visit it is. Only for pages that need a right."""
        if self.session is None:
            raise RuntimeError("This page is open to everybody; there is no account.")
        return self.session.account

    @property
    def who(self) -> Coordinator:
        """The same, as the gateway knows them."""
        return self.account.coordinator

    @property
    def base(self) -> str:
        """Where the desk is mounted."""
        return str(self.request.scope.get("root_path", "")).rstrip("/")

    @property
    def address(self) -> str:
        """Where the request comes from."""
        return self.request.client.host if self.request.client else ""

    @property
    def by_htmx(self) -> bool:
        """Whether a part of a page is wanted, not a whole one."""
        return self.request.headers.get("hx-request") == "true"

    def path(self, name: str) -> str:
        """A part of the address."""
        return str(self.request.path_params[name])

    def query(self, name: str, default: str = "") -> str:
        """A value after the question mark."""
        return self.request.query_params.get(name, default)

    def field(self, name: str, default: str = "") -> str:
        """A value of the form."""
        values = self.form.get(name)
        return values[0] if values else default

    def fields(self, name: str) -> list[str]:
        """All values of that name."""
        return list(self.form.get(name, ()))

    def number(self, name: str, default: int = 0) -> int:
        """A whole number out of the form."""
        try:
            return int(self.field(name))
        except ValueError:
            return default

    def topic(self, item: Any) -> str:
        """What a conversation or a handoff is about, as its reader reads it; the bot gives the title only in the person's language."""
        topic, title = (item["topic"], item["topic_title"]) if isinstance(item, Mapping) else (item.topic, item.topic_title)
        if topic in self._titles:
            return self._titles[topic]
        if isinstance(title, Mapping):
            title = in_language(title, self.words.language) if title else None
        return str(title or topic or "")

    @cached_property
    def _titles(self) -> Mapping[str, str]:
        return self.desk.shelf.titles(self.words.language)

    def page(self, template: str, status: int = 200, headers: Optional[Mapping[str, str]] = None, **context: Any) -> Response:
        """A page, or a part of one."""
        token = self.session.token if self.session else self.before
        html = self.desk.environment.get_template(template).render(
            t=self.words,
            base=self.base,
            account=self.session.account if self.session and self.session.stage == "full" else None,
            csrf=form_token(token),
            here=self.request.url.path[len(self.base) :] or "/",
            version=self.desk.version,
            languages=self.desk.languages,
            now=self.desk.services.clock(),
            done=self.query("done"),
            topic=self.topic,
            headers_json=json.dumps({"X-CSRF-Token": form_token(token)}),
            **context,
        )
        return HTMLResponse(html, status, dict(headers or {}))

    def go(self, path: str, **query: Any) -> Response:
        """To another page of the desk, after something was changed."""
        return RedirectResponse(f"{self.base}{path}{'?' + urlencode(query) if query else ''}", 303)

    def log(self, action: str, conversation: Optional[str] = None, actor: Optional[str] = None, **data: Any) -> None:
        """One row in the audit log."""
        with self.desk.services.database.write() as session:
            self.desk.services.audit.record(session, actor or self.who.actor, action, conversation, **data)
