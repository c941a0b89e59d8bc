"""Samples of the structured cards, out of cards.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

_SAMPLES: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "cards.yaml").read_text(encoding="utf-8"))
KINDS = tuple(_SAMPLES)


def sample(kind: str, language: str) -> tuple[dict[str, Any], str]:
    """The card of a message, and its text."""
    found = _SAMPLES[kind][language]
    return {kind: found["card"]}, str(found["text"])
