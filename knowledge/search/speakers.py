"""Who asks: somebody of a company about its staff, or a worker about the company. Much is said twice in the collection, once for each side."""

from __future__ import annotations

from knowledge.articles import Article, Unit
from knowledge.search.terms import Bag

COMPANY, WORKER = "speaks_for_company", "speaks_as_worker"  # concepts, in content/concepts.yaml


def side_of(concepts: Bag) -> int:
    """1 when the message speaks for a company, -1 when for a worker, 0 when it does not show, or shows both."""
    return int(COMPANY in concepts) - int(WORKER in concepts)


def written_for_company(article: Article, unit: Unit) -> bool:
    """Whether a unit is written for the company. Editors say so (docs/editors.md); an article about employers' duties is so as a whole."""
    return article.kind == "employer" or unit.audience == "employer"
