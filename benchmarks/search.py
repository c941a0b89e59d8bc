"""`python -m benchmarks.search [--articles 0 1000]`: how long a search takes, at the real size (0) and with articles made up from the real ones.

A made-up article is a copy of a real one with its own id, its own names and title, and about one content word in eight of every text replaced,
half of them by words that exist nowhere else. It has as many units and question variants as the real one, but from 10,000 articles on only its first
two units and two variants a language of each: as many as the real ones have would be forty million questions. The questions asked are those of
knowledge/calibration. Each size is built in one process and searched in another, which has only read the index from its file, as the action
server does. The figures of the last run are in benchmarks/search.md.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import random
import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Mapping

import numpy as np
import psutil

from knowledge.analysis import tokens
from knowledge.articles import Article, Library, Unit
from knowledge.content_reader import read_library
from knowledge.expectations import CALIBRATION, read_expectations
from knowledge.languages import languages
from knowledge.search.index_file import index_of
from knowledge.search.index_name import index_path

SHARE = 1 / 8  # of the content words replaced
LEAN = 10_000  # articles, from which on the made-up ones are shorter
_LEAN_UNITS, _LEAN_VARIANTS = 2, 2
_KANJI = "弥夢鶴亀葵蓮楓梓霞凪雫颯翠瑠璃琥珀彗茜暁曙颪榊樫椿柊桔梗菫萩"
_SYLLABLES = [one + two for one in "bdfgklmnprstvz" for two in "aeiou"]


class Maker:
    """Makes copies of articles."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._chance = random.Random(0)
        self._places: dict[str, list[tuple[int, int, bool]]] = {}
        self._words: dict[bool, list[str]] = {True: [], False: []}
        for unit in library.units.values():
            for text in unit.question.values():
                for start, end, japanese in self._content(text):
                    self._words[japanese].append(text[start:end])

    def grown(self, count: int) -> Library:
        """A library with `count` articles: the real ones, then copies of them in turn. Not above the real number, the real one."""
        articles = dict(self._library.articles)
        real = list(articles.values())
        if count >= LEAN:
            real = [_lean(article) for article in real]
        for number in range(max(0, count - len(real))):
            copy = self._article(real[number % len(real)], number // len(real) + 1)
            articles[copy.id] = copy
        return replace(self._library, articles=articles)

    def _article(self, article: Article, number: int) -> Article:
        mark = {True: self._made_up(True), False: self._made_up(False).title()}
        name = f"{article.id}-x{number}"

        def marked(text: str, code: str) -> str:
            return mark[True] + text if languages()[code].analyser == "japanese" else f"{mark[False]} {text}"

        return replace(
            article,
            id=name,
            title={code: marked(text, code) for code, text in article.title.items()},
            names={code: tuple(marked(text, code) for text in texts) for code, texts in article.names.items()},
            units=tuple(self._unit(unit, name) for unit in article.units),
            related=tuple(f"{other}-x{number}" for other in article.related),
        )

    def _unit(self, unit: Unit, article: str) -> Unit:
        asked = {code: tuple(self._changed(text) for text in texts) for code, texts in unit.asked.items()}
        return replace(unit, article=article, question=self._texts(unit.question), asked=asked, answer=self._texts(unit.answer), next=())

    def _texts(self, texts: Mapping[str, str]) -> dict[str, str]:
        return {code: self._changed(text) for code, text in texts.items()}

    def _changed(self, text: str) -> str:
        parts, place = [], 0
        for start, end, japanese in self._content(text):
            if self._chance.random() < SHARE:
                parts += [text[place:start], self._made_up(japanese) if self._chance.random() < 0.5 else self._chance.choice(self._words[japanese])]
                place = end
        return "".join([*parts, text[place:]])

    def _content(self, text: str) -> list[tuple[int, int, bool]]:
        if text not in self._places:
            self._places[text] = [(word.start, word.end, word.japanese) for word in tokens(text) if word.content]
        return self._places[text]

    def _made_up(self, japanese: bool) -> str:
        return "".join(self._chance.choice(_KANJI if japanese else _SYLLABLES) for _ in range(2 if japanese else 4))


def _lean(article: Article) -> Article:
    """An article with its first units, and the first variants of each."""
    units = (replace(unit, asked={code: texts[:_LEAN_VARIANTS] for code, texts in unit.asked.items()}) for unit in article.units[:_LEAN_UNITS])
    return replace(article, units=tuple(units))


def build(count: int, folder: Path) -> str:
    """Builds an index over `count` articles and keeps it in `folder`, as in service. Returns the cells of the table, which are kept beside it: with
    the same folder a second run only searches, so that it can be timed when the machine is quiet."""
    kept = index_path(str(count), folder)
    built = kept.with_suffix(".txt")
    if built.exists():
        return built.read_text(encoding="utf-8")
    library = read_library()
    size = len(library.articles)
    if count > size:
        library = Maker(library).grown(count)
        gc.collect()
    questions = sum(1 + len(asked) for unit in library.units.values() for asked in unit.asked.values())
    start = time.perf_counter()
    index = index_of(library, str(count), folder)
    took = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size_on_disk = kept.stat().st_size / 1e6
    cells = f"{len(library.articles):,} | {len(index.units):,} | {questions:,} | {took:.0f} | {peak:,.0f} | {size_on_disk:,.0f}"
    built.write_text(cells, encoding="utf-8")
    return cells


def search(count: int, folder: Path) -> str:
    """Reads an index and asks it every calibration question, once, without a conversation. Returns the cells of the table."""
    asked = [(one.ask, code) for code in languages() for one in read_expectations(CALIBRATION / f"{code}.yaml", code)]
    list(map(tokens, ("在留カード", "residence card")))  # dictionaries are read now, not in the first search
    process = psutil.Process()
    before = process.memory_full_info()
    start = time.perf_counter()
    index = index_of(Library(), str(count), folder)
    reading = time.perf_counter() - start
    for text, code in asked[:: max(1, len(asked) // 20)]:
        index.search(text, code)
    spans: dict[str, list[float]] = {code: [] for code in languages()}
    for text, code in asked:
        start = time.perf_counter()
        index.search(text, code)
        spans[code].append((time.perf_counter() - start) * 1000)
    after = process.memory_full_info()
    parts = [[value for values in spans.values() for value in values], *spans.values()]
    cells = [f"{reading:.1f}", f"{(after.rss - before.rss) / 2**20:,.0f} / {(after.uss - before.uss) / 2**20:,.0f}"]
    cells += [f"{np.percentile(part, 50):.1f} / {np.percentile(part, 95):.1f}" for part in parts]
    return " | ".join(cells)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, nargs="+", default=[0, 1000])
    parser.add_argument("--folder", type=Path, help="where to keep the indexes (default: nowhere)")
    arguments = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    codes = " | ".join(f"{code} p50 / p95 ms" for code in languages())
    print(f"| articles | units | questions | building s | peak MB | file MB | reading s | memory MB, all / own | all p50 / p95 ms | {codes} |")
    with tempfile.TemporaryDirectory() as passing:
        folder = arguments.folder or Path(passing)
        folder.mkdir(parents=True, exist_ok=True)
        for count in arguments.articles:
            cells = []
            for work in (build, search):
                with context.Pool(1) as pool:
                    cells.append(pool.apply(work, (count, folder)))
            print(f"| {' | '.join(cells)} |", flush=True)
    print(f"load of the machine over the last 5 minutes: {os.getloadavg()[1]:.1f}")


if __name__ == "__main__":
    main()
