"""The messaging apps there are. A new one is a module in this folder and a line here."""

from __future__ import annotations

from typing import Tuple, Type

from gateway.channels.line import Line
from gateway.channels.messenger import Messenger
from gateway.channels.open_http import OpenHttp
from gateway.channels.provider import Provider
from gateway.channels.slack import Slack
from gateway.channels.telegram import Telegram
from gateway.channels.whatsapp import WhatsApp

PROVIDERS: Tuple[Type[Provider], ...] = (Line, WhatsApp, Messenger, Telegram, Slack, OpenHttp)
