"""`python -m knowledge.check`: reads all content and prints the file and line of each fault."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from knowledge.content_reader import inspect
from knowledge.languages import CONTENT


def main() -> int:
    """Prints the faults, or what there is. Returns 1 when there are faults."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else CONTENT
    library, faults = inspect(folder)
    for fault in faults:
        print(fault)
    kinds = Counter(article.kind for article in library.articles.values())
    confidence = Counter(unit.confidence for unit in library.units.values())
    print(f"{len(library.articles)} articles, {len(library.units)} units, {len(library.facts)} facts, {len(faults)} faults")
    print("articles:", ", ".join(f"{kind} {count}" for kind, count in kinds.most_common()))
    print("units:", ", ".join(f"{level} {count}" for level, count in confidence.most_common()))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
