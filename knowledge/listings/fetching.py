"""Fetches a feed over HTTP, on the assumption that the other side may be slow, broken or hostile."""

from __future__ import annotations

import ipaddress
import socket
import time
from dataclasses import dataclass
from typing import Any, Optional
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import LocationValueError
from urllib3.util.retry import Retry

USER_AGENT = "Madoguchi event sync"
_REDIRECTS = {301, 302, 303, 307, 308}
_TRY_AGAIN = (429, 500, 502, 503, 504)


class FetchFailed(Exception):
    """Nothing usable was fetched. The text says why, for the editor who looks at the feed."""


@dataclass(frozen=True)
class Limits:
    """`connect`, `read`: seconds for one step; `total`: seconds for one answer with all its redirects; `size`: bytes, unpacked; `retries` and
    `back_off` (seconds, doubled each time): for errors of the network and of the server. `private`: whether hosts that are not on the public
    internet, and plain http, may be asked; only for tests and for feeds inside an organisation.
    """

    connect: float = 5
    read: float = 15
    total: float = 45
    size: int = 5_000_000
    retries: int = 3
    back_off: float = 1
    longest_wait: int = 30
    redirects: int = 4
    private: bool = False


@dataclass(frozen=True)
class Fetched:
    """What came. `body` is None when the feed has not changed since the last time (304)."""

    body: Optional[bytes]
    etag: Optional[str] = None
    last_modified: Optional[str] = None


class Fetcher:
    """Fetches; one for a whole sync. Use as a context."""

    def __init__(self, limits: Limits = Limits()) -> None:
        self._limits = limits
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy, and no password out of ~/.netrc
        self._session.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "gzip, deflate"})
        retry = Retry(
            total=limits.retries,
            redirect=0,
            status_forcelist=_TRY_AGAIN,
            allowed_methods={"GET"},
            backoff_factor=limits.back_off,
            backoff_max=limits.longest_wait,
            backoff_jitter=limits.back_off / 2,
            retry_after_max=limits.longest_wait,
            raise_on_status=False,
            raise_on_redirect=False,
        )
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _Adapter(limits.private, max_retries=retry))

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def fetch(self, url: str, hosts: frozenset[str], etag: Optional[str] = None, last_modified: Optional[str] = None) -> Fetched:
        """The answer to a conditional request for `url`; redirects are followed within `hosts` only. Raises FetchFailed."""
        ends = time.monotonic() + self._limits.total
        headers = {name: value for name, value in (("If-None-Match", etag), ("If-Modified-Since", last_modified)) if value}
        for _ in range(self._limits.redirects + 1):
            self._allowed(url, hosts)
            try:
                with self._session.get(
                    url, headers=headers, timeout=(self._limits.connect, self._limits.read), stream=True, allow_redirects=False
                ) as answer:
                    if answer.status_code in _REDIRECTS and answer.headers.get("Location"):
                        url = urljoin(url, answer.headers["Location"])
                        continue
                    return self._read(answer, ends)
            except (requests.RequestException, OSError, ValueError) as error:
                raise FetchFailed(f"{type(error).__name__}: {_short(error)}") from error
        raise FetchFailed(f"more than {self._limits.redirects} redirects")

    def _allowed(self, url: str, hosts: frozenset[str]) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" and not (self._limits.private and parts.scheme == "http"):
            raise FetchFailed(f"led to {parts.scheme or 'no scheme'}, which is not https")
        if parts.hostname not in hosts:
            raise FetchFailed(f"led to {parts.hostname}, which is not among the feed's `hosts`")
        if parts.username or parts.password:
            raise FetchFailed("the address holds a password")

    def _read(self, answer: requests.Response, ends: float) -> Fetched:
        validators = {"etag": _kept(answer.headers.get("ETag"), 1000), "last_modified": _kept(answer.headers.get("Last-Modified"), 200)}
        if answer.status_code == 304:
            return Fetched(None, **validators)
        if answer.status_code != 200:
            raise FetchFailed(f"HTTP {answer.status_code}")
        body = bytearray()
        for piece in answer.iter_content(16_384):
            body += piece
            if len(body) > self._limits.size:
                raise FetchFailed(f"larger than {self._limits.size} bytes")
            if time.monotonic() > ends:
                raise FetchFailed(f"took longer than {self._limits.total:g} seconds")
        return Fetched(bytes(body), **validators)


def _kept(header: Optional[str], longest: int) -> Optional[str]:
    return header if header and len(header) <= longest else None


def _short(error: Exception) -> str:
    return str(error)[:200]


# --- no private addresses -----------------------------------------------------------------------------------------------
# The address is looked at after the connection stands: a name that is looked up twice could answer differently the second time.


def _public_only(connection: socket.socket) -> socket.socket:
    address = ipaddress.ip_address(connection.getpeername()[0].split("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    if not (mapped or address).is_global:
        connection.close()
        raise LocationValueError(f"{address} is not a public address")  # unlike an OSError, not tried again
    return connection


class _PublicHttp(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _public_only(super()._new_conn())


class _PublicHttps(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _public_only(super()._new_conn())


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _PublicHttp


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _PublicHttps


class _Adapter(HTTPAdapter):
    def __init__(self, private: bool, **options: Any) -> None:
        self._private = private
        super().__init__(**options)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Connects to public addresses only."""
        super().init_poolmanager(*arguments, **options)
        if not self._private:
            self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
