"""LINE's rich menu in every language: `python -m gateway.channels.line_menu install`. What is on it stands in line_menu.yaml.

`draw --to FOLDER` only draws the images, to look at them. Credentials: as for the channel (docs/channels.md). Run again after a change, it puts the
new menus in the place of the old ones; unchanged ones are left alone.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import io
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import yaml
from PIL import Image, ImageDraw, ImageFont

from gateway.channels.credentials import channels_file, credentials, kept_credentials
from gateway.channels.line import Line
from gateway.channels.parcels import SendFailed
from gateway.channels.reception import MENU
from gateway.clock import utc_now
from knowledge.languages import languages

FILE = Path(__file__).with_name("line_menu.yaml")
NAME = "madoguchi"
# Fonts with Japanese letters, as Debian, Fedora, macOS and Windows have them. Another one: --font.
FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf",
    "/System/Library/Fonts/ヒラギノ角ゴシック W6.ttc",
    "C:/Windows/Fonts/YuGothB.ttc",
)
MAX_BYTES = 1024 * 1024  # of an image (https://developers.line.biz/en/reference/messaging-api/#upload-rich-menu-image, reported 2026-11-22)
_DATA_API = "https://api-data.line.me"  # images go there (openapi: path /v2/bot/richmenu/{richMenuId}/content)
_PAPER, _INK, _NOTE, _EDGE = "#FFFFFF", "#14375E", "#4A5A6B", "#C9D3DD"


@dataclass(frozen=True)
class Menu:
    """One language's menu: what LINE gets, and what is drawn."""

    language: str
    body: Mapping[str, Any]
    tiles: Tuple[Tuple[str, str, Mapping[str, int]], ...]  # title, note, bounds

    @property
    def alias(self) -> str:
        """The name by which the other menus lead to it."""
        return f"{NAME}-{self.language}"


def menus(file: Path = FILE) -> List[Menu]:
    """All menus. Raises ValueError with the place that is wrong."""
    table = yaml.safe_load(file.read_text(encoding="utf-8"))
    wrong = sorted(table["menus"].keys() - languages().keys())
    if wrong:
        raise ValueError(f"{file}: menus.{wrong[0]} is not a language of the assistant ({', '.join(languages())}).")
    return [_menu(code, own, table, file) for code, own in table["menus"].items()]


def _menu(code: str, own: Mapping[str, Any], table: Mapping[str, Any], file: Path) -> Menu:
    tiles = []
    areas = []
    rows = -(-len(own["tiles"]) // table["columns"])
    for place, tile in enumerate(own["tiles"]):
        bounds = _bounds(place, table["columns"], rows, table["width"], table["height"])
        areas.append({"bounds": bounds, "action": _action(tile, table, f"{file}: menus.{code}.tiles[{place}]")})
        tiles.append((tile["title"], tile.get("note", ""), bounds))
    size = {"width": table["width"], "height": table["height"]}
    mark = hashlib.sha256(repr((own, size)).encode()).hexdigest()[:12]
    body = {"size": size, "selected": True, "name": f"{NAME}-{code}-{mark}", "chatBarText": own["bar"], "areas": areas}
    return Menu(code, body, tuple(tiles))


def _bounds(place: int, columns: int, rows: int, width: int, height: int) -> Dict[str, int]:
    row, column = divmod(place, columns)
    left, top = column * width // columns, row * height // rows
    return {"x": left, "y": top, "width": (column + 1) * width // columns - left, "height": (row + 1) * height // rows - top}


def _action(tile: Mapping[str, Any], table: Mapping[str, Any], where: str) -> Dict[str, Any]:
    if tile.get("asks"):
        return {"type": "message", "label": tile["title"], "text": tile["asks"]}
    if tile.get("tap"):
        return {"type": "postback", "label": tile["title"], "data": MENU + tile["tap"], "displayText": tile["title"]}
    if tile.get("language") in table["menus"]:
        code = tile["language"]
        return {"type": "richmenuswitch", "label": tile["title"], "richMenuAliasId": f"{NAME}-{code}", "data": f"{MENU}language:{code}"}
    raise ValueError(f"{where}: a tile needs one of asks, tap, or language (of a menu in this file).")


# --- the image ---------------------------------------------------------------------------------------------------------------


def font_file(wish: Optional[str]) -> str:
    """A font with Japanese letters. Raises ValueError when there is none."""
    found = next((path for path in ([wish] if wish else FONTS) if Path(path).exists()), None)
    if found is None:
        raise ValueError(
            "No font with Japanese letters was found. Install one (Debian: apt-get install fonts-noto-cjk), or give one with --font FILE."
        )
    return found


def draw(menu: Menu, font: str) -> bytes:
    """The image, PNG. Letters are as large as fit into their tile. Raises ValueError when the file is larger than LINE takes."""
    image = Image.new("RGB", (menu.body["size"]["width"], menu.body["size"]["height"]), _PAPER)
    pen = ImageDraw.Draw(image)
    for title, note, bounds in menu.tiles:
        left, top, right, bottom = bounds["x"], bounds["y"], bounds["x"] + bounds["width"], bounds["y"] + bounds["height"]
        pen.rounded_rectangle((left + 24, top + 24, right - 24, bottom - 24), 48, outline=_EDGE, width=6, fill=_PAPER)
        middle, line = (left + right) // 2, (top + bottom) // 2
        _written(pen, title, font, 130, bounds["width"] - 140, (middle, line - 50), _INK)
        _written(pen, note, font, 76, bounds["width"] - 140, (middle, line + 90), _NOTE)
    file = io.BytesIO()
    image.quantize(32).save(file, "PNG", optimize=True)
    if len(file.getvalue()) > MAX_BYTES:
        raise ValueError(f"The image of the menu '{menu.language}' has {len(file.getvalue())} bytes; LINE takes {MAX_BYTES}. Use fewer tiles.")
    return file.getvalue()


def _written(pen: ImageDraw.ImageDraw, text: str, font: str, size: int, width: int, place: Tuple[int, int], colour: str) -> None:
    face = ImageFont.truetype(font, size)
    while pen.textlength(text, font=face) > width and size > 24:
        size -= 4
        face = ImageFont.truetype(font, size)
    pen.text(place, text, font=face, fill=colour, anchor="mm")


# --- LINE --------------------------------------------------------------------------------------------------------------------


async def install(channel: Line, found: Sequence[Menu], images: Mapping[str, bytes], default: str) -> List[str]:
    """Puts the menus in place. Returns what was done, a line each. Raises SendFailed.

    Nothing that people use is taken away before its successor is there: validate, make, picture, alias, default, and only then the old ones.
    """
    done = []
    there = (await channel.call("GET", "/v2/bot/richmenu/list")).json()["richmenus"]
    known = {one["name"]: one["richMenuId"] for one in there}
    aliases = {one["richMenuAliasId"]: one["richMenuId"] for one in (await channel.call("GET", "/v2/bot/richmenu/alias/list")).json()["aliases"]}
    ids: Dict[str, str] = {}
    for menu in found:
        if menu.body["name"] in known:
            ids[menu.language] = known[menu.body["name"]]
            done.append(f"{menu.language}: unchanged")
            continue
        await channel.call("POST", "/v2/bot/richmenu/validate", json=menu.body)
        ids[menu.language] = (await channel.call("POST", "/v2/bot/richmenu", json=menu.body)).json()["richMenuId"]
        await _picture(channel, ids[menu.language], images[menu.language])
        done.append(f"{menu.language}: made")
    for menu in found:
        if menu.alias not in aliases:
            body = {"richMenuAliasId": menu.alias, "richMenuId": ids[menu.language]}
            await channel.call("POST", "/v2/bot/richmenu/alias", json=body)
        elif aliases[menu.alias] != ids[menu.language]:
            await channel.call("POST", f"/v2/bot/richmenu/alias/{menu.alias}", json={"richMenuId": ids[menu.language]})
    await channel.call("POST", f"/v2/bot/user/all/richmenu/{ids[default]}")
    done.append(f"{default}: shown first")
    for name, menu_id in known.items():
        if name.startswith(f"{NAME}-") and menu_id not in ids.values():
            await channel.call("DELETE", f"/v2/bot/richmenu/{menu_id}")
            done.append(f"{name}: old, deleted")
    return done


async def _picture(channel: Line, menu_id: str, image: bytes) -> None:
    path = f"/v2/bot/richmenu/{menu_id}/content"
    address = path if channel.credentials["api"] else _DATA_API + path
    try:
        await channel.call("POST", address, content=image, headers={"Content-Type": "image/png"}, timeout=60)
    except SendFailed:
        await channel.call("DELETE", f"/v2/bot/richmenu/{menu_id}")  # half a menu would be taken for a whole one the next time
        raise


def main(arguments: Optional[Sequence[str]] = None, channel: Optional[Line] = None) -> int:
    """The command. Returns 1, after one clear line, when something is wrong. `channel`: for tests."""
    parser = argparse.ArgumentParser(prog="python -m gateway.channels.line_menu", description="LINE's rich menu, in every language.")
    parser.add_argument("what", choices=("install", "draw"))
    parser.add_argument("--default", default="ja", help="the language of the menu that everybody sees first (ja)")
    parser.add_argument("--font", help="a font file with Japanese letters")
    parser.add_argument("--to", default=".", help="draw: the folder for the images")
    chosen = parser.parse_args(arguments)
    try:
        found = menus()
        if chosen.default not in [menu.language for menu in found]:
            raise ValueError(f"--default {chosen.default}: the menus are {', '.join(menu.language for menu in found)}.")
        font = font_file(chosen.font)
        images = {menu.language: draw(menu, font) for menu in found}
        if chosen.what == "draw":
            for language, image in images.items():
                file = Path(chosen.to) / f"line-menu-{language}.png"
                file.write_bytes(image)
                print(file)
            return 0
        print("\n".join(asyncio.run(_installed(channel or _channel(), found, images, chosen.default))))
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except SendFailed as failure:
        print(f"LINE did not take the menu ({failure}). Nothing that was there before has been taken away.", file=sys.stderr)
        return 1
    return 0


async def _installed(channel: Line, found: Sequence[Menu], images: Mapping[str, bytes], default: str) -> List[str]:
    channel.clock = utc_now
    try:
        return await install(channel, found, images, default)
    finally:
        await channel.close()


def _channel() -> Line:
    given = credentials("line", Line.fields, kept_credentials(channels_file()))
    if given.missing:
        raise ValueError(f"LINE has no credentials: give {', '.join(given.missing)}, or write them into {channels_file()} (docs/channels.md).")
    return Line(given)


if __name__ == "__main__":
    sys.exit(main())
