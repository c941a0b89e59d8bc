"""Who speaks: an employer about people who work there, or a person about their own life. Known by words, see speaker.yaml."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Optional

from knowledge.analysis import normalised
from knowledge.documents import read_document

EMPLOYER, PERSON = "employer", "person"


def speaker_of(text: str) -> Optional[str]:
    """EMPLOYER or PERSON; None for most messages, which do not show it."""
    plain = normalised(text)
    return next((who for who in (EMPLOYER, PERSON) if _patterns()[who].search(plain)), None)


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    rows = read_document(Path(__file__).with_name("speaker.yaml")).data
    return {who: re.compile("|".join(f"(?:{one})" for one in rows[who])) for who in (EMPLOYER, PERSON)}
