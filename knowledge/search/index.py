"""Finds the units that answer a question, in any of the languages, with how sure it is.

Two steps: a cheap score over all units picks candidates, then a ranker with more evidence (questions people ask, answers, sound, subject)
orders them. The weights of the ranker and of the certainty are data (ranking.json), learned by benchmarks/tune_search.py.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Callable, Mapping, Sequence

import numpy as np
from scipy import sparse

from knowledge.analysis import normalised
from knowledge.articles import Library, Unit
from knowledge.languages import languages
from knowledge.search.classifier import UnitClassifier
from knowledge.search.matrix import CoverMatrix, Query, TermMatrix
from knowledge.search.names import Mention, NameTable, PhraseTable, concept_phrases, subject_names
from knowledge.search.outside import OutsideClassifier
from knowledge.search.ranking import FEATURES, Ranking
from knowledge.search.rows import TermRows
from knowledge.search.spelling import Speller
from knowledge.search.terms import BLOCKS, Bag, TermReader, Terms

CANDIDATES = 100
_EXACT_LEAD = 100.0
_STAGE_WEIGHTS = {"lemma": 1.0, "concept": 0.6, "gram": 0.8, "sound": 0.3}
_REST_BLOCKS = ("lemma", "concept", "gram")
_MAX_STAGE_SHARE = 0.1  # in large collections, terms in more than this share of all units do not help to choose candidates
_LARGE = 20_000  # units

Leave = Callable[[Unit, str, int], bool]


@dataclass(frozen=True)
class Hit:
    """A unit found: its key, the ranker's score, and the probability that it is what was asked."""

    unit: str
    score: float
    probability: float = 0.0


@dataclass
class Found:
    """The result of a search: hits from best to worst, subjects named in the question, the certainty about the first hit, and how likely the
    question is none of the collection's business (0 to 1)."""

    hits: list[Hit]
    mentions: list[Mention]
    certainty: float
    evidence: dict[str, float] = field(default_factory=dict)
    outside: float = 0.0


@dataclass
class _Side:
    """Everything indexed in one language."""

    starts: np.ndarray  # the first question row of each unit; one more at the end
    questions: dict[str, TermMatrix]
    answers: dict[str, TermMatrix]
    covers: dict[str, CoverMatrix]
    units: dict[str, TermMatrix]
    rows: TermRows
    classifier: UnitClassifier | None  # None in a collection too large to learn
    outside: OutsideClassifier | None  # None without examples of what is outside


class Index:
    """The searchable form of a library. Built once, then only read; safe to share between threads."""

    def __init__(self, library: Library, ranking: Ranking, leave: Leave | None = None, reader: TermReader | None = None) -> None:
        """`leave(unit, language, number)` keeps a question variant out of the index, and `reader` is shared between indexes: for measuring only."""
        self.library = library
        self.ranking = ranking
        self.units = list(library.units.values())
        self._places = {unit.key: place for place, unit in enumerate(self.units)}
        self._articles: dict[str, list[int]] = {}
        for place, unit in enumerate(self.units):
            self._articles.setdefault(unit.article, []).append(place)
        self._related = {article.id: set(article.related) for article in library.articles.values()}
        self.reader = reader or reader_of(library)
        self.names = self.reader.names
        self._sides = {code: self._side(code, leave) for code in languages()}
        self.reader.speller = Speller(self._words()).mend
        self._called = {(code, bare(text)): unit.key for unit in self.units for code, text in unit.question.items()}
        self._exact = self._exact_questions()

    # --- building ------------------------------------------------------------------------------------------------

    def _side(self, code: str, leave: Leave | None) -> _Side:
        questions: list[Terms] = []
        answers: list[Terms] = []
        starts = [0]
        for unit in self.units:
            asked = [unit.question.get(code, ""), *unit.asked.get(code, ())]
            texts = [text for number, text in enumerate(asked) if text and not (leave and leave(unit, code, number))]
            questions.extend(self.reader.read(text) for text in texts)
            starts.append(len(questions))
            answers.append(self.reader.read(self._about(unit, code)))
        rows, classifier, outside = self._learned(code, questions, starts, answers)
        if languages()[code].analyser != "japanese":  # sounds bring kana, romaji and wrong conversions together; in other scripts they only cost time
            for terms in questions:
                terms.bags["sound"] = {}
        blocks = {block: TermMatrix([terms.bags[block] for terms in questions]) for block in BLOCKS}
        whole = {block: self._unit_bags(block, questions, starts, answers) for block in BLOCKS}
        units = {block: TermMatrix(bags, by_term=True) for block, bags in whole.items()}
        covers = {block: CoverMatrix(whole[block]) for block in ("lemma", "concept")}
        about = {block: TermMatrix([terms.bags[block] for terms in answers]) for block in _REST_BLOCKS}
        return _Side(np.array(starts), blocks, about, covers, units, rows, classifier, outside)

    def _learned(
        self, code: str, questions: list[Terms], starts: list[int], answers: list[Terms]
    ) -> tuple[TermRows, UnitClassifier | None, OutsideClassifier | None]:
        """What is learned from all texts of one language."""
        if len(answers) > _LARGE:
            return TermRows([]), None, None
        examples = self.library.outside.get(code)
        going_on, strange = ([self.reader.read(text) for text in texts] for texts in ((examples.inside, examples.texts) if examples else ((), ())))
        rows = TermRows([terms.bags for terms in [*questions, *answers, *strange]])
        known, about = rows.of([terms.bags for terms in questions]), rows.of([terms.bags for terms in answers])
        owners = np.repeat(np.arange(len(answers)), np.diff(starts))
        classifier = UnitClassifier(sparse.vstack([known, about], format="csr"), [*owners, *range(len(answers))], len(answers))
        if not questions or not strange:
            return rows, classifier, None
        inside, others = rows.of([terms.bags for terms in going_on]), rows.of([terms.bags for terms in strange])
        return rows, classifier, OutsideClassifier(sparse.vstack([known, inside], format="csr"), others)

    def _about(self, unit: Unit, code: str) -> str:
        article = self.library.articles[unit.article]
        return " ".join([article.title.get(code, ""), *article.names.get(code, ())[:6], unit.answer.get(code, "")])

    @staticmethod
    def _unit_bags(block: str, questions: list[Terms], starts: list[int], answers: list[Terms]) -> list[Bag]:
        bags: list[Bag] = []
        for place in range(len(starts) - 1):
            bag: dict[str, float] = {}
            for terms in questions[starts[place] : starts[place + 1]]:
                for term, count in terms.bags[block].items():
                    bag[term] = bag.get(term, 0) + count
            if block in ("lemma", "concept"):
                for term, count in answers[place].bags[block].items():
                    bag[term] = bag.get(term, 0) + 0.5 * count
            bags.append({term: max(1.0, count) for term, count in bag.items()})
        return bags

    def _exact_questions(self) -> dict[tuple[str, str], str]:
        """The unit of every question of the collection, by language and bare text: who asks word for word (a button does) gets just that unit."""
        found: dict[tuple[str, str], str] = {}
        for unit in self.units:
            for code in languages():
                for text in (unit.question.get(code, ""), *unit.asked.get(code, ())):
                    found.setdefault((code, bare(text)), unit.key)
        found.update(self._called)  # a unit's own question text stands before another unit's variant of the same words
        return found

    def _words(self) -> set[str]:
        words: set[str] = set()
        for side in self._sides.values():
            for term in list(side.questions["lemma"].vocabulary) + list(side.answers["lemma"].vocabulary):
                if "_" not in term:
                    words.add(term)
        for name, _ in subject_names(self.library):
            words.update(part.lower() for part in name.split())
        return words

    # --- asking --------------------------------------------------------------------------------------------------

    def search(self, question: str, language: str, subjects: Sequence[str] = (), aspects: Mapping[str, float] | None = None, limit: int = 8) -> Found:
        """Units that answer `question`.

        Parameters: the language whose texts are compared; `subjects`, ids of articles the conversation is about (used when the question
        names none itself); `aspects`, how likely each aspect is, from the intent; how many hits to return.
        """
        terms = self.reader.read(question, query=True)
        places, features = self.candidates(terms, language, subjects, aspects or {})
        if not len(places):
            return Found([], terms.mentions, 0.0, outside=self.outside(terms, language))
        scores = self.ranking.scores(features)
        outside = self.outside(terms, language)
        order = np.argsort(-scores, kind="stable")[:limit]
        evidence = self.ranking.evidence(features[order], scores[order], [self.units[places[place]].article for place in order])
        certainty = self.ranking.certainty(evidence)
        hits = [Hit(self.units[places[place]].key, float(scores[place])) for place in order]
        exact = self._exact.get((language, bare(question)))
        if exact:
            hits = [Hit(exact, hits[0].score + _EXACT_LEAD), *(hit for hit in hits if hit.unit != exact)][:limit]
            certainty, outside = 1.0, 0.0
        return Found(hits, terms.mentions, certainty, evidence, outside)

    def follow_up(
        self, question: str, language: str, article: str, told: str | None = None, aspects: Mapping[str, float] | None = None, limit: int = 8
    ) -> Found:
        """Units that answer a short question which goes on with a conversation about `article`; `told` is the key of the unit told last.

        Two rankings are put together, of the question alone and of the question with the article's title before it. Units of the article come
        before others, and what was just told comes later. How much each counts stands in ranking.json, set on knowledge/calibration.
        """
        title = self.library.articles[article].title.get(language, "")
        alone, titled = (self.reader.read(text, query=True) for text in (question, f"{title} {question}"))
        numbers = self.ranking.follow_up
        total: dict[int, float] = {}
        rankings = [self.candidates(terms, language, [article], aspects or {}) for terms in (alone, titled)]
        for (places, features), share in zip(rankings, (1.0, numbers["title"])):
            scores = dict(zip(places.tolist(), (self.ranking.scores(features)).tolist()))
            lowest = min(scores.values(), default=0.0) - numbers["missing"]
            for place in {place for some, _ in rankings for place in some.tolist()}:
                total[place] = total.get(place, 0.0) + share * scores.get(place, lowest)
        for place in total:
            total[place] += numbers["stay"] * (self.units[place].article == article) - numbers["told"] * (self.units[place].key == told)
        order = sorted(total, key=lambda place: -total[place])[:limit]
        if not order:
            return Found([], alone.mentions, 0.0, outside=self.outside(alone, language))
        hits = [Hit(self.units[place].key, total[place]) for place in order]
        lead = hits[0].score - hits[1].score if len(hits) > 1 else numbers["stay"]
        certainty = 1 / (1 + math.exp(-numbers["lead"] * lead - numbers["bias"]))
        outside = self.outside(alone, language) if self.outside(titled, language) > numbers["outside"] else 0.0
        return Found(hits, alone.mentions, certainty, outside=outside)

    def outside(self, terms: Terms, language: str) -> float:
        """How likely a message is none of the collection's business; 0 where there are no examples of that."""
        side = self._sides[language]
        return side.outside.probability(side.rows.of([terms.bags])) if side.outside else 0.0

    def unit_called(self, question: str, language: str) -> str | None:
        """The key of the unit whose own question this is, letter for letter (a button sends it)."""
        return self._called.get((language, bare(question)))

    def candidates(self, terms: Terms, language: str, subjects: Sequence[str], aspects: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray]:
        """The units worth ranking (places in `units`), and a row of features (see ranking.FEATURES) for each."""
        side = self._sides[language]
        queries = {block: side.questions[block].query(terms.bags[block]) for block in BLOCKS}
        total = self._first_scores(side, terms)
        named = _targets(terms.mentions)
        chosen = np.argpartition(-total, min(CANDIDATES, len(total) - 1))[:CANDIDATES]
        own = [place for article in {*named[:4], *([] if named else subjects[:2])} for place in self._articles.get(article, [])[:40]]
        places = np.unique(np.concatenate([chosen[total[chosen] > 0], np.array(own, dtype=np.int64)]).astype(np.int64))
        if not len(places):
            return places, np.zeros((0, len(FEATURES)), dtype=np.float32)
        return places, self._features(side, terms, queries, places, total, named, subjects, aspects)

    def _first_scores(self, side: _Side, terms: Terms) -> np.ndarray:
        total = np.zeros(len(self.units), dtype=np.float32)
        for block, weight in _STAGE_WEIGHTS.items():
            matrix = side.units[block]
            query = matrix.query(terms.bags[block])
            if len(self.units) > _LARGE:
                rare = matrix.idf[query.columns] > np.log(1 / _MAX_STAGE_SHARE) + 1
                query = Query(query.columns[rare], query.weights[rare])
            total += weight * matrix.against_all(query)
        return total

    def _features(
        self,
        side: _Side,
        terms: Terms,
        queries: Mapping[str, Query],
        places: np.ndarray,
        total: np.ndarray,
        named: list[str],
        subjects: Sequence[str],
        aspects: Mapping[str, float],
    ) -> np.ndarray:
        counts = side.starts[places + 1] - side.starts[places]
        rows = np.repeat(side.starts[places] - np.concatenate(([0], np.cumsum(counts)[:-1])), counts) + np.arange(counts.sum())
        owners = np.repeat(np.arange(len(places)), counts)
        features = np.zeros((len(places), len(FEATURES)), dtype=np.float32)

        def put(name: str, values: np.ndarray) -> None:
            features[:, FEATURES.index(name)] = values

        sims = {}
        for block in BLOCKS:
            matrix = side.questions[block]
            if block in _REST_BLOCKS:
                sims[block], rest = matrix.against(rows, queries[block], matrix.query(terms.rest[block]))
                put(f"rest_{block}", _best(rest, owners, len(places)))
                put(f"answer_{block}", side.answers[block].against(places, side.answers[block].query(terms.bags[block]))[0])
            else:
                sims[block] = matrix.against(rows, queries[block])[0]
            put(block, _best(sims[block], owners, len(places)))
        for block in ("lemma", "concept"):
            put(f"cover_{block}", side.covers[block].cover(places, terms.bags[block]))
            put(f"cover_rest_{block}", side.covers[block].cover(places, terms.rest[block]))
        blend = sims["lemma"] + sims["gram"] + 0.5 * sims["concept"]
        put("blend", _best(blend, owners, len(places)))
        put("blend_mean", np.bincount(owners, blend, minlength=len(places)) / np.maximum(counts, 1))
        put("first", total[places])
        if side.classifier:
            put("learned", side.classifier.scores(side.rows.of([terms.bags]), places))
        self._subject_features(put, places, named, subjects)
        put("aspect", np.array([aspects.get(self.units[place].aspect, 0.0) for place in places], dtype=np.float32))
        return features

    def _subject_features(self, put: Callable[[str, np.ndarray], None], places: np.ndarray, named: list[str], subjects: Sequence[str]) -> None:
        articles = [self.units[place].article for place in places]
        first = set(named)
        around = set().union(*(self._related.get(article, set()) for article in named)) if named else set()
        put("named", np.array([float(article in first) for article in articles], dtype=np.float32))
        put("near_named", np.array([float(article not in first and article in around) for article in articles], dtype=np.float32))
        put(
            "other_named", np.array([float(bool(first) and article not in first and article not in around) for article in articles], dtype=np.float32)
        )
        carried = set(subjects) if not named else set()
        put("carried", np.array([float(article in carried) for article in articles], dtype=np.float32))


def bare(text: str) -> str:
    """A text by its letters and digits alone, for comparing word for word."""
    return re.sub(r"[\W_]+", "", normalised(text))


def reader_of(library: Library) -> TermReader:
    """Reads texts with the names and concepts of a library."""
    return TermReader(NameTable(subject_names(library)), PhraseTable(concept_phrases(library.concepts)))


def _targets(mentions: Sequence[Mention]) -> list[str]:
    """The articles that a message names, without doubles; longer names first, since they say more."""
    result: list[str] = []
    for mention in sorted(mentions, key=lambda one: (one.by_sound, -(one.end - one.start))):
        result.extend(target for target in mention.targets if target not in result)
    return result


def _best(values: np.ndarray, owners: np.ndarray, count: int) -> np.ndarray:
    best = np.zeros(count, dtype=np.float32)
    if len(values):  # owners are sorted, so each unit's questions stand together
        first = np.flatnonzero(np.diff(owners, prepend=-1))
        best[owners[first]] = np.maximum.reduceat(values, first)
    return best
