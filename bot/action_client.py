"""One kept-alive connection to the action server, in place of Rasa's new session for every call."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, Dict, Optional

import aiohttp
from rasa.utils.endpoints import ClientResponseError, EndpointConfig, concat_url

TIMEOUT = 10  # seconds; an answer takes milliseconds, so a longer wait means that the action server is ill
_sessions: Dict[int, aiohttp.ClientSession] = {}


async def request(
    self: EndpointConfig,
    method: str = "post",
    subpath: Optional[str] = None,
    content_type: Optional[str] = "application/json",
    compress: bool = False,
    **kwargs: Any,
) -> Optional[Any]:
    """Does what `EndpointConfig.request` does, over a session that stays open. Raises ClientResponseError from status 400 on.

    A connection that was kept alive may have been closed by the action server in the very moment of the call. Then the call is made once more, over
    a new one: actions only read, so that doing one twice does no harm.
    """
    headers = {**({"Content-Type": content_type} if content_type else {}), **kwargs.pop("headers", {}), **self.headers}
    url = concat_url(self.url, subpath)
    call = partial(_answer, method, url, headers=headers, params=self.combine_parameters(kwargs), **kwargs)
    try:
        return await call()
    except aiohttp.ClientConnectorError:
        raise  # nobody listens; asking again would not help
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
        return await call()


async def _answer(method: str, url: str, **kwargs: Any) -> Optional[Any]:
    async with _session().request(method, url, **kwargs) as response:
        if response.status >= 400:
            raise ClientResponseError(response.status, response.reason, await response.content.read())
        return await response.json(content_type=None) if response.content_length != 0 else None


def _session() -> aiohttp.ClientSession:
    loop = id(asyncio.get_running_loop())
    session = _sessions.get(loop)
    if session is None or session.closed:
        session = _sessions[loop] = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT))
    return session


def install() -> None:
    """Makes Rasa use it. Rasa 3.6 offers no setting for this, and is no longer changed, so the method is replaced."""
    EndpointConfig.request = request
