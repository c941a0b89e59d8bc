"""The chat window's API: see docs/gateway-api.md, part 1. Handlers read the request, call one service function, and shape the answer."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gateway.consents import NOTICE, Consents
from gateway.errors import Conflict, GatewayError, Invalid, NotFound, NotKnown
from gateway.people import person
from gateway.readings import has_readings, readings
from gateway.services import Services
from gateway.store.tables import Conversation, Message
from gateway.texts import accepted_language, known_language, messages, notice, say
from gateway.web.answers import body_of, text_in
from gateway.web.limits import Buckets, limit, network
from gateway.web.session import CHANNEL, Session, Sessions
from gateway.web.stream import stream_answer
from knowledge.languages import in_language, languages

T = TypeVar("T")
_PAGE = 200
# Texts that a chat window has no business with.
_INTERNAL = ("error_", "failure_", "attachment_", "notice_shown")


class Chat:
    """The handlers, with what they share."""

    def __init__(self, services: Services, sessions: Sessions) -> None:
        rates = services.settings.rates
        self._services, self._sessions = services, sessions
        self._by_person = limit(services, "person", *rates.person)
        self._by_address = limit(services, "address", *rates.address)
        self._new = limit(services, "session", *rates.session)
        # Reading and typing store nothing that lasts: each process only guards itself.
        self._typing, self._small = Buckets(30, 3), Buckets(10 * rates.person[0], 5 * rates.person[1])

    def routes(self) -> List[Route]:
        """All routes, relative to /api/chat."""
        return [
            Route("/", self.erase, methods=["DELETE"]),
            Route("/config", self.config, methods=["GET"]),
            Route("/session", self.begin, methods=["POST"]),
            Route("/state", self.state, methods=["GET"]),
            Route("/messages", self.receive, methods=["POST"]),
            Route("/messages", self.messages, methods=["GET"]),
            Route("/stream", self.stream, methods=["GET"]),
            Route("/typing", self.typing, methods=["POST"]),
            Route("/seen", self.seen, methods=["POST"]),
            Route("/feedback", self.feedback, methods=["POST"]),
            Route("/rating", self.rating, methods=["POST"]),
            Route("/handoff", self.request_person, methods=["POST"]),
            Route("/handoff", self.cancel_waiting, methods=["DELETE"]),
            Route("/inquiry", self.inquiry, methods=["POST"]),
            Route("/language", self.language, methods=["PUT"]),
            Route("/consent", self.consent, methods=["POST"]),
            Route("/readings", self.readings, methods=["GET"]),
            Route("/export", self.export, methods=["GET"]),
        ]

    # --- beginning ---------------------------------------------------------------------------------------------------

    async def config(self, request: Request) -> Response:
        """What a chat window needs before there is a session."""
        services = self._services
        await run_in_threadpool(self._by_address.take, _address(request), 0.5)
        wanted = request.query_params.get("language")
        language = known_language(wanted) if wanted else accepted_language(request.headers.get("accept-language", ""))
        hours = await run_in_threadpool(services.hours.plain, language)
        texts = {
            key: in_language(own, language)
            for key, own in messages().items()
            if not key.startswith(_INTERNAL) and "{" not in in_language(own, language)
        }
        return JSONResponse(
            {
                "languages": [{"code": one.code, "name": one.name, "readings": has_readings(one.code)} for one in languages().values()],
                "language": language,
                "notice": services.consents.shown(language),
                "purposes": Consents.purposes(language),
                "hours": hours,
                "limits": {"text": services.settings.max_text},
                "texts": texts,
            }
        )

    async def begin(self, request: Request) -> Response:
        """A session: the one that the request has, or a new one."""
        await run_in_threadpool(self._new.take, _address(request))
        body = await body_of(request)
        wish = text_in(body, "language")
        language = known_language(wish) if wish else accepted_language(request.headers.get("accept-language", ""))
        token = self._sessions.token_of(request)
        external = self._sessions.external_id(token)
        if external is None:
            token = self._sessions.issue()
            external = str(self._sessions.external_id(token))
        conversation, new = await run_in_threadpool(self._services.conversations.begin, CHANNEL, external, language)
        self._sessions.remember(external, conversation)
        state, accepted = await run_in_threadpool(self._state_and_notice, conversation)
        answer: Dict[str, Any] = {"state": state, "notice": {"version": notice()["version"], "accepted": accepted}}
        bearer = body.get("transport") == "bearer"
        if bearer:
            answer["token"] = token
        response = JSONResponse(answer, 201 if new else 200)
        if not bearer:
            self._sessions.set_cookie(response, str(token))
        return response

    def _state_and_notice(self, conversation: str) -> Any:
        services = self._services
        with services.database.read() as session:
            row = session.get(Conversation, conversation)
            if row is None:
                raise NotKnown()
            return services.conversations.state_of(session, row), services.consents.given(session, row, NOTICE)

    async def state(self, request: Request) -> Response:
        """The state."""
        return JSONResponse(await self._run(request, lambda who: self._services.conversations.state(who.conversation)))

    # --- messages ----------------------------------------------------------------------------------------------------

    async def receive(self, request: Request) -> Response:
        """One message of the person: stored, then acknowledged."""
        external = self._sessions.claimed(request)
        await run_in_threadpool(self._admit, external, _address(request))
        body = await body_of(request)
        text, button, client_id = text_in(body, "text"), text_in(body, "button"), text_in(body, "client_id")
        language, version = text_in(body, "language"), text_in(body, "notice_version")
        if language in languages():
            request.state.language = language
        received = await self._run(
            request,
            lambda who: self._services.conversations.receive(who.conversation, text, client_id, button, language, version),
            small=False,
        )
        self._services.metrics.received.labels(CHANNEL, str(received.duplicate).lower()).inc()
        for kind in received.masked if not received.duplicate else ():
            self._services.metrics.masked.labels(kind).inc()
        answer = {"message": received.message, "duplicate": received.duplicate, "masked": list(received.masked)}
        return JSONResponse(answer, 200 if received.duplicate else 202)

    async def messages(self, request: Request) -> Response:
        """The poll fallback."""
        after, limit = _number(request, "after", 0), min(_PAGE, max(1, _number(request, "limit", 100)))

        def read(who: Session) -> Dict[str, Any]:
            state = self._services.conversations.state(who.conversation)
            found = self._services.conversations.messages(who.conversation, after, limit + 1)
            return {"messages": found[:limit], "last": state["last"], "more": len(found) > limit, "state": state}

        return JSONResponse(await self._run(request, read))

    async def stream(self, request: Request) -> Response:
        """Server-sent events from a cursor."""
        header = request.headers.get("last-event-id", "")
        after = int(header) if header.isdigit() and len(header) < 10 else _number(request, "after", 0)
        state = await self._run(request, lambda who: self._services.conversations.state(who.conversation))
        return stream_answer(self._services, state["conversation"], min(after, state["last"]))

    async def typing(self, request: Request) -> Response:
        """The person is writing."""
        self._typing.take(self._sessions.claimed(request))
        await self._run(request, lambda who: self._services.conversations.typing(who.conversation))
        return Response(status_code=204)

    async def seen(self, request: Request) -> Response:
        """Read up to here."""
        seq = (await body_of(request)).get("seq")
        if not isinstance(seq, int) or isinstance(seq, bool) or seq < 0:
            raise Invalid("malformed", "seq is a number")
        await self._run(request, lambda who: self._services.conversations.seen(who.conversation, seq))
        return Response(status_code=204)

    async def readings(self, request: Request) -> Response:
        """Readings over the kanji of one message."""
        message_id = request.query_params.get("message", "")

        def read(who: Session) -> List[Any]:
            with self._services.database.read() as session:
                message = session.get(Message, message_id)
                if message is None or message.conversation_id != who.conversation or message.state == "suppressed":
                    raise NotFound()
                text = str(message.body.get("text") or "")
                return list(readings(text)) if has_readings(message.lang) else [(text, None)]

        return JSONResponse({"segments": await self._run(request, read)})

    # --- a human, and after ------------------------------------------------------------------------------------------

    async def request_person(self, request: Request) -> Response:
        """Talk to a person."""
        await run_in_threadpool(self._by_person.take, self._sessions.claimed(request))

        def ask(who: Session) -> Dict[str, Any]:
            self._require_notice(who)
            return self._services.conversations.request_person(who.conversation)

        await body_of(request)
        return JSONResponse(await self._run(request, ask))

    async def cancel_waiting(self, request: Request) -> Response:
        """Stop waiting."""
        return JSONResponse(await self._run(request, lambda who: self._services.conversations.cancel_waiting(who.conversation)))

    async def inquiry(self, request: Request) -> Response:
        """The form for when nobody is there."""
        await run_in_threadpool(self._by_person.take, self._sessions.claimed(request), 2)
        body = await body_of(request)
        question, email, phone = text_in(body, "question", ""), text_in(body, "email"), text_in(body, "phone")
        answer = await self._run(
            request, lambda who: self._services.inquiries.leave(who.conversation, question or "", email, phone, body.get("consent") is True)
        )
        return JSONResponse(answer, 201)

    async def feedback(self, request: Request) -> Response:
        """Thumbs."""
        body = await body_of(request)
        message, value, comment = text_in(body, "message", ""), text_in(body, "value", ""), text_in(body, "comment")
        await self._run(request, lambda who: self._services.conversations.feedback(who.conversation, message or "", value or "", comment))
        return Response(status_code=204)

    async def rating(self, request: Request) -> Response:
        """How the talk with a human was."""
        body = await body_of(request)
        comment = text_in(body, "comment")
        await self._run(request, lambda who: self._services.conversations.rate(who.conversation, body.get("score"), comment))
        return Response(status_code=204)

    # --- the person's own data ---------------------------------------------------------------------------------------

    async def language(self, request: Request) -> Response:
        """Another language."""
        code = text_in(await body_of(request), "language", "") or ""
        return JSONResponse(await self._run(request, lambda who: self._services.conversations.set_language(who.conversation, code)))

    async def consent(self, request: Request) -> Response:
        """Agreement, or its withdrawal."""
        body = await body_of(request)
        purpose, version, granted = text_in(body, "purpose", "") or "", text_in(body, "version", "") or "", body.get("granted")
        if not isinstance(granted, bool):
            raise Invalid("malformed", "granted is true or false")
        await self._run(request, lambda who: self._services.consents.set(who.conversation, purpose, version, granted))
        return Response(status_code=204)

    async def export(self, request: Request) -> Response:
        """The conversation as a download."""

        def read(who: Session) -> Any:
            contact = self._services.privacy.contact_of(who.conversation)
            language = self._services.conversations.state(who.conversation)["language"]
            return self._services.privacy.export(contact, person(contact)), language

        data, language = await self._run(request, read)
        day = str(data["exported_at"])[:10]
        if request.query_params.get("form") == "text":
            return PlainTextResponse(_as_text(data, language), headers={"Content-Disposition": f'attachment; filename="madoguchi-{day}.txt"'})
        return JSONResponse(data, headers={"Content-Disposition": f'attachment; filename="madoguchi-{day}.json"'})

    async def erase(self, request: Request) -> Response:
        """Everything of the person, gone; the session too."""

        def work(who: Session) -> None:
            contact = self._services.privacy.contact_of(who.conversation)
            self._services.privacy.erase(contact, person(contact))

        await self._run(request, work)
        self._sessions.forget(self._sessions.claimed(request))
        response = Response(status_code=204)
        self._sessions.set_cookie(response, "", 0)
        return response

    # --- common ------------------------------------------------------------------------------------------------------

    def _admit(self, external: str, address: str) -> None:
        self._by_address.take(address)
        self._by_person.take(external)

    async def _run(self, request: Request, work: Callable[[Session], T], small: bool = True) -> T:
        """Calls a service function for the person of the request, in a thread. A conversation that was erased meanwhile is a session that ended."""
        external = self._sessions.claimed(request)
        if small:
            self._small.take(external)
        return await run_in_threadpool(self._for_person, request, work)

    def _for_person(self, request: Request, work: Callable[[Session], T]) -> T:
        who = self._sessions.session(request)
        try:
            return work(who)
        except GatewayError as error:
            with self._services.database.read() as session:
                row = session.get(Conversation, who.conversation)
            if row is None and isinstance(error, NotFound):
                self._sessions.forget(who.external_id)
                raise NotKnown() from error
            request.state.language = getattr(request.state, "language", None) or (row.lang if row else None)
            raise

    def _require_notice(self, who: Session) -> None:
        with self._services.database.read() as session:
            row = session.get(Conversation, who.conversation)
            if row is not None and not self._services.consents.given(session, row, NOTICE):
                raise Conflict("notice_required")


def _address(request: Request) -> str:
    return network(request.client.host) if request.client else "?"


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    if not text:
        return default
    if not text.isdigit() or len(text) > 9:
        raise Invalid("malformed", f"{name} is a number")
    return int(text)


def _as_text(data: Dict[str, Any], language: str) -> str:
    names = {"person": "you", "bot": "bot", "coordinator": "coordinator", "system": "system"}
    lines = []
    for conversation in data["conversations"]:
        for message in conversation["messages"]:
            name = message["name"] or say(names[message["author"]], language)
            lines.append(f"{message['at']}  {name}\n{message['text']}\n")
    return "\n".join(lines)
