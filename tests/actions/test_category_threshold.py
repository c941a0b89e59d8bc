"""The tax from which on an employer is of category 2 stands twice: as the figure that is counted with, and as the fact that is shown."""

from __future__ import annotations

import re

import pytest

from knowledge.articles import Library
from knowledge.guides.checklist_wording import category_of

FACT = "employer.category.tax"
_UNITS = {"million yen": 1_000_000, "万円": 10_000}


def yen(text: str) -> int:
    """ "10 million yen" and 1,000万円 as a number."""
    found = re.fullmatch(r"([\d,]+) ?(million yen|万円)", text)
    assert found, text
    return int(found.group(1).replace(",", "")) * _UNITS[found.group(2)]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_category_changes_at_the_figure_of_the_fact(real: Library, language: str) -> None:
    for version in real.facts[FACT]:
        limit = yen(version.value[language])
        assert [category_of(limit - 1), category_of(limit), category_of(limit + 1)] == ["3", "2", "2"]
