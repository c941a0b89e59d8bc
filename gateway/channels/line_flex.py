"""A card as LINE draws it: one bubble, every text wrapped, source and date at its foot, links as buttons."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Optional

from gateway.channels.render import Link, Sheet
from gateway.channels.spec import measure, shorten

MAX_BYTES = 25_000  # of a bubble as JSON; LINE takes 30 KB (https://developers.line.biz/en/reference/messaging-api/#bubble, reported 2026-11-22)
MAX_TEXT = 2_000  # characters; longer answers are easier to read as messages
MAX_URI = 1_000  # characters (openapi of line-bot-sdk: URIAction.uri)
MAX_LABEL = 20  # graphemes
_GREY, _INK = "#5A6270", "#1B2330"  # 6.1 : 1 and 15 : 1 on white


def bubble(sheet: Sheet) -> Optional[Dict[str, Any]]:
    """The bubble; None when it would be too large, and the text has to be sent as it is."""
    if sum(len(part) for part in (sheet.title, sheet.intro, sheet.text, sheet.notes, sheet.trailer)) > MAX_TEXT:
        return None
    contents: List[Dict[str, Any]] = []
    if sheet.intro:
        contents.append(_text(sheet.intro, size="sm", color=_GREY))
    contents.append(_text(sheet.title, weight="bold", size="md", color=_INK))
    if sheet.label:
        contents.append(_text(sheet.label, size="xs", color=_GREY))
    contents.append(_text(sheet.text, size="sm", color=_INK, margin="md"))
    if sheet.notes:
        contents.append(_text(sheet.notes, size="sm", color=_INK, weight="bold", margin="md"))
    if sheet.trailer:
        contents += [{"type": "separator", "margin": "md"}, _text(sheet.trailer, size="xs", color=_GREY, margin="md")]
    found: Dict[str, Any] = {"type": "bubble", "size": "mega", "body": {"type": "box", "layout": "vertical", "spacing": "xs", "contents": contents}}
    buttons = [_button(link) for link in sheet.links if len(link.url) <= MAX_URI]
    if buttons:
        found["footer"] = {"type": "box", "layout": "vertical", "spacing": "none", "contents": buttons}
    return found if measure(json.dumps(found, ensure_ascii=False), "bytes") <= MAX_BYTES else None


def _text(text: str, **looks: str) -> Dict[str, Any]:
    return {"type": "text", "text": text, "wrap": True, **looks}


def _button(link: Link) -> Dict[str, Any]:
    action = {"type": "uri", "label": shorten(link.title, MAX_LABEL, "graphemes"), "uri": link.url}
    return {"type": "button", "style": "link", "height": "sm", "action": action}
