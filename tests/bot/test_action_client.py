"""The connection to the action server, against a server that closes what was kept alive."""

from __future__ import annotations

import asyncio
from typing import Any, List

import aiohttp
import pytest
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

from bot import action_client

OK = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{"events":[]}'
BROKEN = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"


class Server:
    """Gives its answers one after the other; at None it closes the connection without any."""

    def __init__(self, answers: List[Any]) -> None:
        self.answers, self.calls = answers, 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while self.answers:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break  # the client has hung up
            length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
            await reader.readexactly(length)
            self.calls += 1
            answer = self.answers.pop(0)
            if answer is None:
                break
            writer.write(answer)
            await writer.drain()
        writer.close()


def asked(answers: List[Any], times: int) -> tuple[List[Any], int]:
    """What some calls gave, one behind the other over the kept-alive connection, and how many reached the server."""

    async def run() -> tuple[List[Any], int]:
        server = Server(answers)
        listening = await asyncio.start_server(server.talk, "127.0.0.1", 0)
        endpoint = EndpointConfig(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}")
        try:
            found = [await action_client.request(endpoint, json={"next_action": "action_answer"}) for _ in range(times)]
        finally:
            await action_client._session().close()
            listening.close()
        return found, server.calls

    return asyncio.run(run())


def test_a_kept_connection_that_was_closed_is_opened_anew() -> None:
    assert asked([OK, None, OK], 2) == ([{"events": []}, {"events": []}], 3)


def test_it_is_tried_once_more_and_no_oftener() -> None:
    with pytest.raises(aiohttp.ServerDisconnectedError):
        asked([None, None, OK], 1)


def test_an_error_of_the_action_server_is_not_asked_for_twice() -> None:
    with pytest.raises(ClientResponseError):
        asked([BROKEN, OK], 1)


def test_nobody_listens() -> None:
    async def run() -> None:
        listening = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        listening.close()
        await listening.wait_closed()
        try:
            await action_client.request(EndpointConfig(f"http://127.0.0.1:{port}"), json={})
        finally:
            await action_client._session().close()

    with pytest.raises(aiohttp.ClientConnectorError):
        asyncio.run(run())
