"""Tables as CSV that a spreadsheet opens as data, never as formulas."""

from __future__ import annotations

import csv
import io
from typing import Any, Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_text(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """The table; with the mark at the beginning by which spreadsheets know UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([safe_cell(cell) for cell in head])
    for row in rows:
        writer.writerow([safe_cell(cell) for cell in row])
    return "﻿" + out.getvalue()


def safe_cell(value: Any) -> str:
    """A cell as text. What a spreadsheet would run as a formula gets an apostrophe in front (OWASP, CSV injection)."""
    if value is None:
        return ""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    text = str(value)
    return f"'{text}" if text.lstrip(" ﻿").startswith(_FORMULA) or text.startswith(_FORMULA) else text
