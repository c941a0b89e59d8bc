"""The bot's turns: leased one at a time for each conversation (I8), committed only in the epoch in which they began (I2), repeated until
they are answered."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, List, Mapping, Optional, Tuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from gateway.bridge import Answer, Asked, Said
from gateway.channels import Channels
from gateway.clock import Clock
from gateway.handoffs import Handoffs, Wish
from gateway.journal import Journal
from gateway.people import BOT, SYSTEM
from gateway.settings import Timers
from gateway.store.database import Database, lock_if
from gateway.store.tables import Conversation, Message, Turn, new_id
from gateway.transcript import Transcript
from knowledge.languages import languages
from privacy.numbers import redact

APOLOGISE_AFTER = 3  # attempts, about four seconds
HANDOFF_AFTER = 2  # messages in a row without an answer (crash table, "action server")
GIVE_UP_AFTER = 40  # attempts at a message that the bot, though alive, cannot answer: about 20 minutes
_BACK_OFF = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
_ALIVE = ("error", "empty", "refused")  # failures of a bot that runs
_CANDIDATES = 8
# What a reply means in reports, by its name in domain.yml.
_OUTCOMES = {
    "not_answered": {"utter_not_sure", "utter_not_sure_near", "utter_out_of_scope", "utter_none_of_these"},
    "choices": {"utter_did_you_mean", "utter_choose", "utter_which_one"},
}


@dataclass(frozen=True)
class Job:
    """A leased turn. `tell`: what the tracker has to be told first."""

    turn: str
    token: str
    asked: Asked
    epoch: int
    attempt: int
    tell: Optional[Mapping[str, Any]]
    waited: float


class Turns:
    """Leases, commits and fails turns. All times are in the database, so any process can go on where another one died (I6)."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        transcript: Transcript,
        handoffs: Handoffs,
        journal: Journal,
        channels: Channels,
        timers: Timers,
    ) -> None:
        self._database, self._clock, self._transcript, self._handoffs = database, clock, transcript, handoffs
        self._journal, self._channels, self._timers = journal, channels, timers

    # --- leasing -----------------------------------------------------------------------------------------------------

    def lease(self) -> Optional[Job]:
        """The next turn that is due, for this caller alone; None when there is none."""
        with self._database.read() as session:
            due = self._due(session)
        for conversation_id in due:
            with self._database.write() as session:
                conversation = lock_if(session, conversation_id, skip_locked=not self._database.sqlite)
                job = self._take(session, conversation) if conversation is not None else None
            if job:
                return job
        return None

    def _due(self, session: Any) -> List[str]:
        return [row[0] for row in session.execute(_DUE, {"now": self._clock()})]

    def _take(self, session: Any, conversation: Any) -> Optional[Job]:
        now = self._clock()
        if conversation.mode != "bot":
            return None
        open_states = ("pending", "leased", "overtaken")
        turns = (
            session.execute(sa.select(Turn).where(Turn.conversation_id == conversation.id, Turn.state.in_(open_states)).order_by(Turn.seq))
            .scalars()
            .all()
        )
        for turn in turns:
            if turn.state in ("leased", "overtaken"):
                if turn.lease_until > now:
                    return None
                # Whoever had it is gone. What a human overtook is not run again.
                turn.state = "pending" if turn.state == "leased" else "dropped"
        session.flush()
        turn = self._first(turns, now)
        if turn is None:
            return None
        turn.state, turn.lease_token, turn.lease_until = "leased", new_id(), now + dt.timedelta(seconds=self._timers.lease)
        turn.epoch, turn.attempts = conversation.epoch, turn.attempts + 1
        message = session.get(Message, turn.message_id)
        self._journal.write(session, conversation.id, "typing", None, author=BOT, on=True)
        asked = Asked(conversation.id, message.id, message.body.get("text") or "", message.lang, conversation.channel)
        return Job(
            turn.id,
            turn.lease_token,
            asked,
            conversation.epoch,
            turn.attempts,
            conversation.tell_bot,
            (now - turn.created_at).total_seconds(),
        )

    @staticmethod
    def _first(turns: List[Any], now: dt.datetime) -> Optional[Any]:
        """The oldest message; one that the person has been told will be late does not hold up those after it."""
        for turn in turns:
            if turn.state != "pending":
                continue
            if turn.next_at <= now:
                return turn
            if turn.apologised_at is None:
                return None
        return None

    # --- the answer --------------------------------------------------------------------------------------------------

    def commit(self, job: Job, answer: Answer) -> str:
        """Stores the answer. Returns done, suppressed (a human came meanwhile; kept, never sent), repeat (to be run again), or stale
        (somebody else has it)."""
        with self._database.write() as session:
            conversation, turn = self._held(session, job)
            if turn is None:
                return "stale"
            if turn.state == "overtaken" or conversation.mode != "bot":
                self._say(session, conversation, turn, answer, suppressed=True)
                turn.state = "set_aside" if turn.state == "leased" and conversation.mode == "waiting" else "suppressed"
                return "suppressed"
            if conversation.epoch != turn.epoch:
                # A queue that the person joined and left again: nobody answered. The bridge will give the stored answer in the present epoch.
                turn.state, turn.next_at = "pending", self._clock()
                return "repeat"
            self._done(session, conversation, turn, job, answer)
            return "done"

    def _done(self, session: Any, conversation: Any, turn: Any, job: Job, answer: Answer) -> None:
        turn.state, turn.answered_at, turn.error = "done", self._clock(), None
        turn.outcome, turn.reason, turn.certainty, turn.topic = _judged(answer)
        conversation.bot_failures = 0
        conversation.topic = turn.topic or conversation.topic
        if conversation.tell_bot == job.tell:
            conversation.tell_bot = None
        card = answer.handoff or {}
        wanted = card.get("state") == "requested"
        if not wanted:
            self._say(session, conversation, turn, answer)
            return
        # The words "please wait, a person is coming" are sent only when that is so; the mode decides it in this same transaction.
        opens = self._handoffs.opens_now(session)
        self._say(session, conversation, turn, answer, hide_handoff=not opens)
        self._handoffs.open(session, conversation, Wish.of(card), BOT)

    def _say(self, session: Any, conversation: Any, turn: Any, answer: Answer, suppressed: bool = False, hide_handoff: bool = False) -> None:
        spec = self._channels.spec(conversation.channel)
        for said in answer.messages:
            language = said.language if said.language in languages() else conversation.lang
            hidden = suppressed or (hide_handoff and _is_request(said))
            # What goes to a messaging app is kept whole; its renderer splits it (gateway/channels/render.py).
            for text, last in _parts(said.text, spec.max_text) if spec.pull else [(said.text.strip(), True)]:
                body = {
                    "text": redact(text).text,
                    "buttons": (said.buttons[: spec.max_buttons] if spec.pull else said.buttons) if last else [],
                    "card": said.card if last else None,
                    "reply": said.reply,
                }
                self._transcript.bot(session, conversation, body, language, turn.message_id, hidden)

    # --- no answer ---------------------------------------------------------------------------------------------------

    def fail(self, job: Job, reason: str, detail: str = "") -> str:
        """Notes a failure and says when to try again. Returns retry, apology, handoff, given_up, or stale."""
        with self._database.write() as session:
            conversation, turn = self._held(session, job)
            if turn is None:
                return "stale"
            now = self._clock()
            turn.error = f"{reason} {detail}".strip()[:500]
            if turn.state == "overtaken" or conversation.mode not in ("bot", "waiting"):
                turn.state = "dropped"
                return "retry"
            turn.state = "pending" if conversation.mode == "bot" else "set_aside"
            turn.next_at = now + dt.timedelta(seconds=_BACK_OFF[min(job.attempt, len(_BACK_OFF)) - 1])
            self._journal.write(session, conversation.id, "typing", None, author=BOT, on=False)
            if turn.state == "pending" and turn.attempts >= GIVE_UP_AFTER and reason in _ALIVE:
                turn.state, turn.outcome = "failed", "apology"
                self._journal.write(session, conversation.id, "alert", turn.seq, reason="turn_failed")
                return "given_up"
            if turn.state == "pending" and turn.attempts >= APOLOGISE_AFTER and turn.apologised_at is None:
                return self._apologise(session, conversation, turn, now)
            return "retry"

    def _apologise(self, session: Any, conversation: Any, turn: Any, now: dt.datetime) -> str:
        turn.apologised_at = now
        conversation.bot_failures += 1
        session.flush()
        if conversation.bot_failures == HANDOFF_AFTER:
            if self._handoffs.opens_now(session):
                self._transcript.system(session, conversation, "bot_down_handoff")
            if self._handoffs.open(session, conversation, Wish("bot_unavailable", conversation.topic, conversation.topic_title), SYSTEM):
                return "handoff"
        elif conversation.bot_failures == 1:
            self._transcript.system(session, conversation, "apology", buttons=[self._transcript.person_button(conversation)])
        self._journal.write(session, conversation.id, "alert", turn.seq, reason="bot_unavailable")
        return "apology"

    def _held(self, session: Any, job: Job) -> Tuple[Any, Any]:
        conversation = lock_if(session, job.asked.conversation)
        turn = session.get(Turn, job.turn, populate_existing=True) if conversation is not None else None
        if turn is None or turn.lease_token != job.token or turn.state not in ("leased", "overtaken"):
            return conversation, None
        return conversation, turn

    # --- clean ends --------------------------------------------------------------------------------------------------

    def give_back(self, job: Job) -> None:
        """Ends a lease that could not be used, so that the next process need not wait for it to run out."""
        with self._database.write() as session:
            conversation, turn = self._held(session, job)
            if turn is not None:
                turn.state = "dropped" if turn.state == "overtaken" else "pending" if conversation.mode == "bot" else "set_aside"
                turn.attempts, turn.next_at = turn.attempts - 1, self._clock()

    def recover(self) -> int:
        """After a crash of the only process (SQLite): ends all leases at once. Returns how many there were."""
        with self._database.write() as session:
            return int(session.execute(sa.update(Turn).where(Turn.state.in_(("leased", "overtaken"))).values(lease_until=self._clock())).rowcount)


def _due_query() -> Any:
    """Conversations of the bot with a turn that may run now: none in flight, and no earlier one that is to be tried again first."""
    now = sa.bindparam("now")
    query = sa.select(Turn.conversation_id, sa.func.min(Turn.next_at)).join(Conversation, Conversation.id == Turn.conversation_id)
    free = sa.or_(sa.and_(Turn.state == "pending", Turn.next_at <= now), sa.and_(Turn.state == "leased", Turn.lease_until <= now))
    other, ahead = aliased(Turn), aliased(Turn)
    busy = sa.exists().where(other.conversation_id == Turn.conversation_id, other.state.in_(("leased", "overtaken")), other.lease_until > now)
    blocked = sa.exists().where(
        ahead.conversation_id == Turn.conversation_id,
        ahead.seq < Turn.seq,
        ahead.state == "pending",
        ahead.next_at > now,
        ahead.apologised_at.is_(None),
    )
    query = query.where(Conversation.mode == "bot", free, ~busy, ~blocked).group_by(Turn.conversation_id).order_by(sa.func.min(Turn.next_at))
    return query.limit(_CANDIDATES)


_DUE = _due_query()  # built once: it is asked several times for each message, and building it costs more than asking


def _is_request(said: Said) -> bool:
    return ((said.card or {}).get("handoff") or {}).get("state") == "requested"


def _judged(answer: Answer) -> Tuple[str, Optional[str], Optional[float], Optional[str]]:
    """What the turn was, for reports: outcome, reason, certainty, topic."""
    card = answer.handoff or {}
    cards = [said.card["answer"] for said in answer.messages if said.card and said.card.get("answer")]
    certainty = cards[0].get("certainty") if cards else None
    topic = (cards[0].get("article") if cards else None) or (card.get("topic") or {}).get("id")
    reason = str(card["reason"])[:40] if card.get("reason") else None
    if card.get("state") == "requested":
        return "requested", reason, certainty, topic
    names = {said.reply for said in answer.messages}
    named = next((outcome for outcome, replies in _OUTCOMES.items() if names & replies), None)
    if cards or named:
        return ("answered" if cards else str(named)), reason, certainty, topic
    if card.get("state") == "offered":
        return ("not_answered" if reason == "not_answered" else "offered"), reason, certainty, topic
    return "other", reason, certainty, topic


def _parts(text: str, limit: int) -> List[Tuple[str, bool]]:
    """A text in pieces that the channel takes, each with whether it is the last."""
    pieces = []
    while len(text) > limit:
        cut = max(text.rfind("\n", 0, limit), text.rfind("。", 0, limit), text.rfind(". ", 0, limit))
        cut = cut + 1 if cut > limit // 2 else limit
        pieces.append((text[:cut].strip(), False))
        text = text[cut:]
    return [*pieces, (text.strip(), True)]
