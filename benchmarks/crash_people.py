"""The people of crash.py: each has a conversation over HTTP, sends again what was not acknowledged, and reads the stream from where it broke off."""

from __future__ import annotations

import asyncio
import json
import random
import uuid
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Optional

import httpx

from gateway.texts import notice

QUESTIONS = {
    "en": [
        "How much does it cost to extend my period of stay?",
        "Which documents do I need for permanent residence?",
        "Can I work as a student?",
        "I changed my job. What must I report?",
        "Can my family come to Japan?",
        "/restart",
        "My residence card is AB12345678CD, is that a problem?",
        "Thank you",
    ],
    "ja": [
        "在留期間の更新の手数料はいくらですか",
        "永住許可に必要な書類は何ですか",
        "留学生はアルバイトできますか",
        "転職したら届出が必要ですか",
        "家族を日本に呼べますか",
        "/restart",
        "マイナンバーは123456789018です。届出は必要ですか",
        "ありがとうございます",
    ],
}
WISHES = {"en": "I want to talk to a person", "ja": "担当者と話したいです"}
SECRETS = ("AB12345678CD", "123456789018")
TIMEOUT = 20.0
PATIENCE = 4.0  # seconds that a person waits for an answer before they write on


@dataclass
class Person:
    """`sent`: what was acknowledged, by client id: text, seq, message id. `seen`: the sequence numbers that the stream brought, in order."""

    number: int
    seed: int
    url: str
    sent: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: list[int] = field(default_factory=list)
    seen_ids: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    conversation: str = ""

    def __post_init__(self) -> None:
        self._dice = random.Random(f"{self.seed}-person-{self.number}")
        self.language = self._dice.choice(("en", "ja"))
        self._client: Optional[httpx.AsyncClient] = None

    async def talk(self) -> None:
        """The whole conversation."""
        await self._begin()
        listener = asyncio.create_task(self._listen())
        try:
            for step in self._plan():
                await getattr(self, step)()
                await asyncio.sleep(self._dice.uniform(0, 1.2))
        finally:
            listener.cancel()
            with suppress(asyncio.CancelledError):
                await listener

    def _plan(self) -> list[str]:
        plan = ["_say"] * self._dice.randint(2, 5)
        if self._dice.random() < 0.6:
            wish = self._dice.choice(("_wish_in_words", "_wish_by_button"))
            plan += [wish, *["_say"] * self._dice.randint(0, 3)]
            if self._dice.random() < 0.25:
                plan.append("_cancel")
            plan += ["_say"] * self._dice.randint(0, 2)
        for _ in range(self._dice.randint(0, 2)):
            plan.insert(self._dice.randint(1, len(plan)), "_say_again")
        return plan

    # --- steps -------------------------------------------------------------------------------------------------------

    async def _begin(self) -> None:
        self._client = httpx.AsyncClient(base_url=self.url + "/api/chat", timeout=TIMEOUT, trust_env=False)
        made = await self._call("POST", "/session", {"language": self.language, "transport": "bearer"})
        self._client.headers["Authorization"] = f"Bearer {made['token']}"
        self.conversation = made["state"]["conversation"]

    async def _say(self) -> None:
        await self._write(self._dice.choice(QUESTIONS[self.language]))
        if self._dice.random() < 0.6:  # the others write on, as people do
            own, deadline = max(one["seq"] for one in self.sent.values()), asyncio.get_running_loop().time() + PATIENCE
            while not any(seq > own for seq in self.seen) and asyncio.get_running_loop().time() < deadline:
                await asyncio.sleep(0.1)

    async def _wish_in_words(self) -> None:
        await self._write(WISHES[self.language])

    async def _write(self, text: str) -> None:
        client_id = str(uuid.UUID(int=self._dice.getrandbits(128)))
        found = await self._call("POST", "/messages", self._body(text, client_id))
        message = found["message"]
        self.sent[client_id] = {"text": text, "seq": message["seq"], "id": message["id"]}
        self.counts["stored before the answer was lost"] += found["duplicate"]

    async def _say_again(self) -> None:
        """A redelivery of something that was acknowledged long ago."""
        if not self.sent:
            return
        client_id = self._dice.choice(list(self.sent))
        known = self.sent[client_id]
        found = await self._call("POST", "/messages", self._body(known["text"], client_id))
        self.counts["sent again on purpose"] += 1
        if not found["duplicate"] or (found["message"]["seq"], found["message"]["id"]) != (known["seq"], known["id"]):
            self.faults.append(f"I1: {client_id} sent again became another message")

    async def _wish_by_button(self) -> None:
        await self._call("POST", "/consent", {"purpose": "notice", "version": notice()["version"], "granted": True})
        await self._call("POST", "/handoff", {})

    async def _cancel(self) -> None:
        self.counts["cancelled"] += "mode" in await self._call("DELETE", "/handoff", None, allowed=(409,))

    @staticmethod
    def _body(text: str, client_id: str) -> dict[str, Any]:
        return {"text": text, "client_id": client_id, "notice_version": notice()["version"]}

    async def _call(self, method: str, path: str, body: Any, allowed: tuple[int, ...] = ()) -> Any:
        """Asks until there is an answer, as the chat window does."""
        assert self._client is not None
        while True:
            try:
                found = await self._client.request(method, path, json=body) if body is not None else await self._client.request(method, path)
            except httpx.HTTPError:
                self.counts["requests without an answer"] += 1
            else:
                if found.status_code < 300 or found.status_code in allowed:
                    return found.json() if found.content else {}
                self.counts[f"answers {found.status_code}"] += 1
                if found.status_code < 500 and found.status_code != 429:
                    raise RuntimeError(f"{method} {path}: {found.status_code} {found.text}")
            await asyncio.sleep(random.uniform(0.1, 0.4))

    # --- the stream --------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        assert self._client is not None
        while True:
            with suppress(httpx.HTTPError):
                headers = {"Last-Event-ID": str(self.seen[-1])} if self.seen else {}
                async with self._client.stream("GET", "/stream", headers=headers, timeout=httpx.Timeout(TIMEOUT, read=60)) as response:
                    self.counts["streams opened"] += 1
                    if response.status_code == 200:
                        await self._read(response)
            await asyncio.sleep(random.uniform(0.1, 0.4))

    async def _read(self, response: httpx.Response) -> None:
        kind = ""
        async for line in response.aiter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                kind = value
            elif name == "data" and kind == "message":
                self._saw(json.loads(value))

    def _saw(self, message: dict[str, Any]) -> None:
        self.seen.append(message["seq"])
        self.seen_ids.append(message["id"])

    async def catch_up(self) -> None:
        """The end: what the stream has not brought is fetched from the cursor; together it must be everything, once."""
        while True:
            found = await self._call("GET", f"/messages?after={self.seen[-1] if self.seen else 0}", None)
            for message in found["messages"]:
                self._saw(message)
            if not found["more"]:
                break
        whole: list[dict[str, Any]] = []
        while True:
            found = await self._call("GET", f"/messages?after={whole[-1]['seq'] if whole else 0}", None)
            whole += found["messages"]
            if not found["more"]:
                break
        if self.seen_ids != [one["id"] for one in whole]:
            self.faults.append(f"I7: the person saw {self.seen}, and there is {[one['seq'] for one in whole]}")
        assert self._client is not None
        await self._client.aclose()
