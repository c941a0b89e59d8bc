"""Nothing that is rendered breaks its spec, and nothing that is said is lost: properties over all channels and over made-up ones."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.channels import ChannelSpec, Parcel
from gateway.channels.catalogue import PROVIDERS
from gateway.channels.credentials import Credentials
from gateway.channels.line import Line
from gateway.channels.open_http import OpenHttp
from gateway.channels.render import chosen, numbered, render, sheet_of, split
from gateway.channels.spec import UNITS, Source, head, measure, shorten
from tests.channels.line_provider import MEI, faults
from tests.channels.paper import SPEC as PAPER

LETTERS = st.sampled_from(
    ["a", "é", "e\u0301", "あ", "が", "か\u3099", "𠮷", "👩‍👩‍👧‍👦", "🇯🇵", "👍🏽", " ", "\n", "\n\n", "。", ". ", "、", "https://a.jp/b"]
)
TEXTS = st.lists(LETTERS, max_size=120).map("".join)
TITLES = st.lists(LETTERS.filter(lambda one: one.strip()), min_size=1, max_size=40).map("".join)
BUTTONS = st.lists(TITLES, max_size=16).map(lambda found: [{"title": title, "token": f"{place:032x}"} for place, title in enumerate(found)])
CARDS = st.one_of(
    st.none(),
    st.builds(
        lambda title, text, url: {"answer": {"title": title, "text": text, "source": {"url": url, "title": "t", "publisher": "p"}}},
        TITLES, TEXTS, st.sampled_from(["https://www.moj.go.jp/x", "https://e.jp/" + "y" * 1200]),
    ),
)  # fmt: skip
SPECS = st.builds(
    lambda unit, label_unit, text, prompt, buttons, label, rows, title, note: ChannelSpec(
        "made-up", text, buttons, label, unit, label_unit, min(prompt, text), rows, title, note, 20
    ),
    st.sampled_from(UNITS), st.sampled_from(UNITS), st.integers(40, 400), st.integers(30, 400), st.integers(0, 13), st.integers(6, 30),
    st.integers(0, 10), st.integers(6, 24), st.integers(10, 72),
)  # fmt: skip


def without_space(text: str) -> str:
    return re.sub(r"\s", "", text)


def body_of(text: str, buttons: list[dict[str, str]], card: Any = None) -> dict[str, Any]:
    return {"text": text, "buttons": buttons, "card": card}


@settings(max_examples=150, deadline=None)
@given(TEXTS, BUTTONS, SPECS, st.sampled_from(["en", "ja"]))
def test_no_piece_breaks_its_spec(text: str, buttons: list[dict[str, str]], spec: ChannelSpec, language: str) -> None:
    pieces = render(body_of(text, buttons), spec, language)
    assert bool(pieces) == bool(text.strip() or buttons)
    for piece in pieces:
        assert piece.text.strip() and measure(piece.text, spec.unit) <= (spec.prompt if piece.taps else spec.max_text)
        assert not piece.taps or piece is pieces[-1]
    last = pieces[-1] if pieces else None
    if last and last.style == "buttons":
        assert len(last.taps) == len(buttons) <= spec.max_buttons
        assert all(0 < measure(tap.title, spec.label_unit) <= spec.max_label for tap in last.taps)
    if last and last.style == "list":
        assert len(last.taps) == len(buttons) <= spec.max_rows
        for tap in last.taps:
            assert 0 < measure(tap.title, spec.label_unit) <= spec.max_row_title
            assert tap.title == tap.full or measure(tap.full, spec.label_unit) <= max(spec.max_row_note, spec.max_row_title)


@settings(max_examples=150, deadline=None)
@given(TEXTS, BUTTONS, SPECS)
def test_nothing_that_is_said_is_lost(text: str, buttons: list[dict[str, str]], spec: ChannelSpec) -> None:
    body = body_of(text, buttons)
    pieces = render(body, spec, "en")
    shown = without_space("".join(piece.text for piece in pieces))
    assert shown.startswith(without_space(text))
    taps = pieces[-1].taps if pieces else ()
    for button in buttons:
        whole = any(tap.full == button["title"] and (tap.title == tap.full or pieces[-1].style == "list") for tap in taps)
        assert whole or without_space(button["title"]) in shown
    if buttons and numbered(body, spec):
        assert [chosen(f" {place} ", body, spec) for place in range(1, len(buttons) + 1)] == [one["token"] for one in buttons]
        assert chosen(str(len(buttons) + 1), body, spec) is None and chosen("0", body, spec) is None


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.sampled_from(UNITS), st.integers(30, 80))
def test_a_split_is_within_the_limit_and_cuts_no_letter(text: str, unit: str, limit: int) -> None:
    parts = split(text, limit, unit)
    assert all(part and measure(part, unit) <= limit for part in parts)
    assert without_space("".join(parts)) == without_space(text)
    letters = [one for part in parts for one in regex.findall(r"\X", part) if one.strip()]
    assert letters == [one for one in regex.findall(r"\X", text) if one.strip()]


@settings(max_examples=150, deadline=None)
@given(TITLES, st.sampled_from(UNITS), st.integers(4, 40))
def test_what_is_shortened_fits(title: str, unit: str, limit: int) -> None:
    found = shorten(title, limit, unit)
    assert measure(found, unit) <= limit
    assert found == " ".join(title.split()) or found.endswith("…")
    assert title.startswith(head(title, limit, unit))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(TEXTS, BUTTONS, CARDS, st.sampled_from(["bot", "coordinator", "system"])), min_size=1, max_size=6), TITLES)
def test_no_line_payload_breaks_lines_schema(messages: list[Any], name: str) -> None:
    channel = Line(Credentials("line", {"channel_secret": "s", "access_token": "t"}))
    parcels = [
        Parcel("m", "c", MEI, author, name, body_of(f"{(card or {}).get('answer', {}).get('title', '')}\n{text}", buttons, card), "ja", "k", 1)
        for text, buttons, card, author in messages
    ]
    count = channel.together(parcels)
    assert 1 <= count <= len(parcels)
    parcel = replace(parcels[0], followers=tuple(parcels[1:count]))
    for cards in (True, False):
        objects = channel.objects(parcel, cards)
        assert count == 1 or len(objects) <= 5
        for start in range(0, len(objects), 5):
            assert faults("POST /v2/bot/message/push", {"to": MEI, "messages": objects[start : start + 5]}) == []
        assert all("quickReply" not in one for one in objects[:-1])


def test_a_card_and_its_text_say_the_same() -> None:
    card = {"answer": {"title": "T", "aspect_label": "A", "text": "One.\nTwo.", "source": {"url": "https://e.jp/1"}, "checked_on": "2026-11-22"}}
    text = "I am not sure.\n【T】\nOne.\nTwo.\nPlease confirm.\n出典：庁「頁」 https://e.jp/1\n確認日：2026年11月22日"
    sheet = sheet_of(text, card, "ja")
    assert sheet is not None
    assert (sheet.intro, sheet.title, sheet.text, sheet.notes) == ("I am not sure.", "T", "One.\nTwo.", "Please confirm.")
    assert sheet.trailer == "出典：庁「頁」\n確認日：2026年11月22日"
    assert [(link.title, link.url) for link in sheet.links] == [("公式の情報", "https://e.jp/1")]


def test_a_card_of_another_kind_keeps_its_whole_text_and_gets_links() -> None:
    source = {"url": "https://e.jp/1", "publisher": "P", "title": "S"}
    card = {"checklist": {"title": "Papers", "page": "/pages/checklists/x", "items": [], "source": source}}
    text = "Papers\n1. Form\n2. Photo\nhttps://e.jp/1"
    sheet = sheet_of(text, card, "en", "https://madoguchi.example")
    assert sheet is not None and (sheet.title, sheet.text) == ("Papers", "1. Form\n2. Photo")
    assert [link.url for link in sheet.links] == ["https://madoguchi.example/pages/checklists/x", "https://e.jp/1"]


def test_a_card_whose_source_is_not_in_the_text_gets_it() -> None:
    spec = ChannelSpec("x", 1000, 0, 0)
    card = {"points": {"title": "Points", "source": {"url": "https://e.jp/1", "publisher": "P", "title": "S", "checked_on": "2026-11-22"}}}
    assert render(body_of("85 points", [], card), spec, "en")[0].text == '85 points\nSource: P, "S" https://e.jp/1\nChecked: 2026-11-22'


def test_our_own_pages_get_our_address() -> None:
    found = render(body_of("See /pages/events/1.ics, or https://e.jp/pages/2", []), ChannelSpec("x", 1000, 0, 0), "en", "https://m.example")
    assert found[0].text == "See https://m.example/pages/events/1.ics, or https://e.jp/pages/2"


def test_a_unit_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="unit"):
        ChannelSpec("x", 10, 0, 0, unit="letters")


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda one: one.spec.name)
def test_every_limit_of_every_channel_has_a_source(provider: Any) -> None:
    spec = provider.spec
    assert spec.unsourced() == ()
    for source in spec.sources.values():
        assert isinstance(source, Source) and re.fullmatch(r"20\d\d-\d\d-\d\d", source.checked)
        assert source.url.startswith("https://") or (provider is OpenHttp and source.url == "docs/openapi.yaml")  # its limits are our own
        assert source.sure in ("published", "reported")


def test_a_typed_title_is_the_button() -> None:
    body = body_of("Which?", [{"title": "Ｙｅｓ", "token": "1" * 32}, {"title": "No", "token": "2" * 32}])
    assert chosen("yes", body, PAPER) == "1" * 32 and chosen("maybe", body, PAPER) is None
    assert chosen("1", body, PAPER) is None  # no numbers were shown
