"""What goes out to a provider, and how it can fail."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Mapping, Optional, Tuple


@dataclass(frozen=True)
class Parcel:
    """One message on its way: whom to (the channel's own id), what, and the key that lets a provider refuse a repetition.

    `followers`: the messages right behind it that go out in the same call, under the same key (channels with `pack` > 1).
    `done`: how many of its calls went through in earlier attempts (see Provider.one_by_one).
    `asked_at`: when the person last wrote; the channel's reply window counts from it.
    """

    message: str
    conversation: str
    external_id: str
    author: str
    author_name: Optional[str]
    body: Mapping[str, Any]
    language: str
    idem_key: str
    attempt: int
    asked_at: Optional[dt.datetime] = None
    followers: Tuple["Parcel", ...] = ()
    done: int = 0

    @property
    def all(self) -> Tuple["Parcel", ...]:
        """Itself and those behind it, in order."""
        return (self, *self.followers)


class SendFailed(Exception):
    """The provider did not take it.

    Parameters: `reason`, a key of texts/channels.yaml, which the desk shows in words, with the provider's own words after a colon where they
    help ("refused: …"); `final`, trying again is of no use; `uncertain`, it may have been taken all the same (with `final`: and there is no way
    to find out); `untouched`, the provider has
    certainly not looked at it, so that it may go out later in other company; `retry_after`, seconds; `hold`, not to be tried again before the
    person writes (or this many seconds have passed, when `retry_after` is given). `done` and `refs`: of a message that takes several calls, how
    many went through all in all, and the provider's ids of those that did now.
    """

    done: int = 0
    refs: Tuple[str, ...] = ()

    def __init__(
        self,
        reason: str,
        final: bool = False,
        uncertain: bool = False,
        retry_after: Optional[float] = None,
        untouched: bool = False,
        hold: bool = False,
    ) -> None:
        super().__init__(reason)
        self.final, self.uncertain, self.retry_after, self.untouched, self.hold = final, uncertain, retry_after, untouched, hold
