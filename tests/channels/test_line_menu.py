"""The rich menu: within LINE's limits, installed in an order that never leaves people without one."""

from __future__ import annotations

import io
from pathlib import Path

import httpx
import pytest
from PIL import Image

from gateway.channels.line_menu import MAX_BYTES, draw, font_file, main, menus
from gateway.channels.spec import measure
from knowledge.languages import languages
from tests.channels.line_provider import LineProvider, faults, line

try:
    FONT = font_file(None)
except ValueError:
    FONT = ""
needs_font = pytest.mark.skipif(not FONT, reason="needs a font with Japanese letters (apt-get install fonts-noto-cjk)")


def test_every_language_has_a_menu_that_line_takes() -> None:
    found = menus()
    assert {menu.language for menu in found} == set(languages())
    for menu in found:
        assert faults("POST /v2/bot/richmenu", menu.body) == []
        assert measure(menu.body["chatBarText"], "graphemes") <= 14
        areas = [area["bounds"] for area in menu.body["areas"]]
        assert sum(area["width"] * area["height"] for area in areas) == 2500 * 1686
        assert all(area["x"] + area["width"] <= 2500 and area["y"] + area["height"] <= 1686 for area in areas)
        assert {action["action"]["type"] for action in menu.body["areas"]} == {"message", "postback", "richmenuswitch"}


def test_a_tile_that_does_nothing_is_named(tmp_path: Path) -> None:
    file = tmp_path / "menu.yaml"
    file.write_text("{width: 2500, height: 1686, columns: 3, menus: {en: {bar: x, tiles: [{title: x}]}}}")
    with pytest.raises(ValueError, match=r"menus\.en\.tiles\[0\]"):
        menus(file)


@needs_font
def test_the_image_has_the_size_that_line_wants() -> None:
    for menu in menus():
        image = draw(menu, FONT)
        assert len(image) <= MAX_BYTES
        assert Image.open(io.BytesIO(image)).size == (2500, 1686)
        assert len(set(Image.open(io.BytesIO(image)).convert("L").getdata())) > 4  # something is written on it


@needs_font
def test_install_twice_and_after_a_change(capsys: pytest.CaptureFixture[str]) -> None:
    provider = LineProvider()
    assert main(["install"], line(provider)) == 0
    assert set(provider.aliases) == {"madoguchi-ja", "madoguchi-en"} and len(provider.images) == 2
    assert provider.default_menu == provider.aliases["madoguchi-ja"]
    before = dict(provider.menus)
    assert main(["install", "--default", "en"], line(provider)) == 0
    assert provider.menus == before and provider.default_menu == provider.aliases["madoguchi-en"]
    old = next(iter(provider.menus))
    provider.menus[old] = {**provider.menus[old], "name": "madoguchi-ja-older"}
    assert main(["install"], line(provider)) == 0
    assert old not in provider.menus and len(provider.menus) == 2
    assert set(provider.aliases.values()) == set(provider.menus) and provider.wrong == []
    assert "unchanged" in capsys.readouterr().out


@needs_font
def test_a_refused_image_leaves_nothing_half_done(capsys: pytest.CaptureFixture[str]) -> None:
    provider = LineProvider()
    provider.moods["/v2/bot/richmenu/richmenu-1/content"] = [httpx.Response(413, json={"message": "too large"})]
    assert main(["install"], line(provider)) == 1
    assert provider.menus == {} and "too large" in capsys.readouterr().err


def test_without_credentials_it_says_what_is_missing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MADOGUCHI_CHANNELS_FILE", str(tmp_path / "none.json"))
    monkeypatch.delenv("MADOGUCHI_LINE_ACCESS_TOKEN", raising=False)
    arguments = ["install", "--font", FONT] if FONT else ["install", "--font", "/none"]
    assert main(arguments) == 1
    said = capsys.readouterr().err
    assert "MADOGUCHI_LINE_ACCESS_TOKEN" in said or "font" in said
