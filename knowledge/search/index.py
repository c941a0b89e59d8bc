"""Finds the units that answer a question, in any of the languages, with how sure it is.

Two steps: what was learned from all questions picks candidates, then a ranker with more evidence (how much of the message a unit speaks about, the
subject, the aspect) orders them. The weights of the ranker and of the certainty are data (ranking.json), learned by benchmarks/tune_search.py.
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
from knowledge.search.matrix import Query, TermMatrix, Vocabulary, Words, highest
from knowledge.search.names import Mention, NameTable, PhraseTable, concept_phrases, subject_names
from knowledge.search.outside import OutsideClassifier
from knowledge.search.ranking import FEATURES, Ranking
from knowledge.search.rows import TermRows
from knowledge.search.spelling import Speller
from knowledge.search.terms import BLOCKS, TermReader, Terms

CANDIDATES = 32  # on knowledge/calibration the ranker never preferred a unit that was not among the 24 most likely
_OWN_CANDIDATES = 8  # more of these, for each article that is named or talked about
WORD_FOR_WORD = 1.0  # the certainty of a question that the collection holds as it stands
_EXACT_LEAD = 100.0
_UNIT_BLOCKS = {"lemma": 1.0, "concept": 0.6}  # of all that a unit says; how much each counts where likeness alone picks the candidates
_MAX_STAGE_SHARE = 0.1  # in large collections, terms in more than this share of all units do not help to choose candidates
_LARGE = 20_000  # units

Leave = Callable[[Unit, str, int], bool]
Counts = Mapping[str, sparse.csr_matrix]


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


@dataclass(frozen=True)
class Message:
    """A question as an index of one language compares it: its terms, those with a number, and its row for what was learned."""

    terms: Terms
    language: str
    words: Mapping[str, Words]
    row: Query | None


@dataclass
class _Side:
    """Everything indexed in one language."""

    vocabulary: Vocabulary
    units: dict[str, TermMatrix]  # all questions of a unit, with words and concepts of its answer
    rows: TermRows | None  # None, like the classifier, in a collection too large to learn
    classifier: UnitClassifier | None
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
        asked = [[text for text in _kept(unit, code, leave) if text] for unit in self.units]
        starts = np.concatenate(([0], np.cumsum([len(texts) for texts in asked]))).astype(np.int64)
        examples = self.library.outside.get(code)
        parts = [
            [text for texts in asked for text in texts],
            [self._about(unit, code) for unit in self.units],
            list(examples.texts if examples else ()),
            list(examples.inside if examples else ()),
        ]
        vocabulary = Vocabulary()
        everything = vocabulary.counts(self.reader.read(text).bags for texts in parts for text in texts)
        questions, answers, strange, going_on = _parted(everything, [len(texts) for texts in parts])
        large = len(self.units) > _LARGE
        rows = classifier = outside = None
        if not large:
            rows = TermRows({block: sparse.vstack([questions[block], answers[block], strange[block]], format="csr") for block in BLOCKS})
            classifier, outside = _learned(rows, starts, questions, answers, strange, going_on)
        return _Side(
            vocabulary,
            {block: TermMatrix(_together(questions[block], starts, answers[block]), by_term=large) for block in _UNIT_BLOCKS},
            rows,
            classifier,
            outside,
        )

    def _about(self, unit: Unit, code: str) -> str:
        article = self.library.articles[unit.article]
        return " ".join([article.title.get(code, ""), *article.names.get(code, ())[:6], unit.answer.get(code, "")])

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
            words.update(term for term in side.vocabulary.terms("lemma") if "_" not in term)
        for name, _ in subject_names(self.library):
            words.update(part.lower() for part in name.split())
        return words

    # --- asking --------------------------------------------------------------------------------------------------

    def search(self, question: str, language: str, subjects: Sequence[str] = (), aspects: Mapping[str, float] | None = None, limit: int = 8) -> Found:
        """Units that answer `question`.

        Parameters: the language whose texts are compared; `subjects`, ids of articles the conversation is about (used when the question
        names none itself); `aspects`, how likely each aspect is, from the intent; how many hits to return.
        """
        message = self.message(question, language)
        places, features = self.candidates(message, subjects, aspects or {})
        mentions, outside = message.terms.mentions, self._outside(message)
        if not len(places):
            return Found([], mentions, 0.0, outside=outside)
        scores = self.ranking.scores(features)
        order = np.argsort(-scores, kind="stable")[:limit]
        evidence = self.ranking.evidence(features[order], scores[order], [self.units[places[place]].article for place in order])
        certainty = self.ranking.certainty(evidence)
        hits = [Hit(self.units[places[place]].key, float(scores[place])) for place in order]
        exact = self._exact.get((language, bare(question)))
        if exact:
            hits = [Hit(exact, hits[0].score + _EXACT_LEAD), *(hit for hit in hits if hit.unit != exact)][:limit]
            certainty, outside = WORD_FOR_WORD, 0.0
        return Found(hits, mentions, certainty, evidence, outside)

    def follow_up(
        self,
        question: str,
        language: str,
        article: str,
        told: str | None = None,
        aspects: Mapping[str, float] | None = None,
        limit: int = 8,
        opening: str | None = None,
    ) -> Found:
        """Units that answer a short question which goes on with a conversation about `article`; `told` is the key of the unit told last, `opening`
        the message that said what the conversation is about.

        Rankings are put together: of the question alone, with the article's title before it, and with the opening before it. Units of the article
        and of those related to it come before others, and what was just told comes later. How much each counts stands in ranking.json, learned by
        benchmarks/follow_ups.py.
        """
        numbers = self.ranking.follow_up
        title = self.library.articles[article].title.get(language, "")
        alone, titled = (self.message(text, language) for text in (question, f"{title} {question}"))
        asked = [(alone, 1.0), (titled, numbers["title"])]
        asked += [(self.message(f"{opening} {question}", language), numbers["opening"])] if opening else []
        total = self._put_together([(self.candidates(message, [article], aspects or {}), share) for message, share in asked])
        near = self._related.get(article, set())
        for place in total:
            unit = self.units[place]
            total[place] += numbers["stay"] * (unit.article == article) + numbers["near"] * (unit.article in near)
            total[place] -= numbers["told"] * (unit.key == told)
        order = sorted(total, key=lambda place: -total[place])[:limit]
        if not order:
            return Found([], alone.terms.mentions, 0.0, outside=self._outside(alone))
        hits = [Hit(self.units[place].key, total[place]) for place in order]
        lead = hits[0].score - hits[1].score if len(hits) > 1 else numbers["stay"]
        certainty = 1 / (1 + math.exp(-numbers["lead"] * lead - numbers["bias"]))
        outside = self._outside(alone) if self._outside(titled) > numbers["outside"] else 0.0
        return Found(hits, alone.terms.mentions, certainty, outside=outside)

    def _put_together(self, rankings: Sequence[tuple[tuple[np.ndarray, np.ndarray], float]]) -> dict[int, float]:
        """The weighted sum of several rankings; a unit that one of them has not counts there as a bit worse than the last."""
        total: dict[int, float] = {}
        everywhere = {place for (places, _), _ in rankings for place in places.tolist()}
        for (places, features), share in rankings:
            scores = dict(zip(places.tolist(), (self.ranking.scores(features)).tolist()))
            lowest = min(scores.values(), default=0.0) - self.ranking.follow_up["missing"]
            for place in everywhere:
                total[place] = total.get(place, 0.0) + share * scores.get(place, lowest)
        return total

    def message(self, question: str, language: str) -> Message:
        """A question, read and numbered once for everything that compares it."""
        side, terms = self._sides[language], self.reader.read(question, query=True)
        words = side.vocabulary.words(terms.bags)
        return Message(terms, language, words, side.rows.row(words) if side.rows else None)

    def _outside(self, message: Message) -> float:
        """How likely a message is none of the collection's business; 0 where there are no examples of that."""
        outside = self._sides[message.language].outside
        return outside.probability(message.row) if outside and message.row is not None else 0.0

    def unit_called(self, question: str, language: str) -> str | None:
        """The key of the unit whose own question this is, letter for letter (a button sends it)."""
        return self._called.get((language, bare(question)))

    def candidates(self, message: Message, subjects: Sequence[str], aspects: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray]:
        """The units worth ranking (places in `units`), and a row of features (see ranking.FEATURES) for each."""
        side, terms, words = self._sides[message.language], message.terms, message.words
        named = _targets(terms.mentions)
        about = [np.array(self._articles.get(article, []), dtype=np.int64) for article in {*named[:4], *([] if named else subjects[:2])}]
        learned = None
        if side.classifier and message.row is not None:
            learned = side.classifier.scores(message.row, np.concatenate([np.zeros(0, dtype=np.int64), *about]))
        likely = self._alike(side, words) if learned is None else learned
        chosen = highest(likely, np.arange(len(likely)), CANDIDATES)
        own = [highest(likely, places, _OWN_CANDIDATES) for places in about]
        known = likely[chosen].max() > likely.min() if len(chosen) else False  # else the message holds nothing that any unit speaks of
        places = np.unique(np.concatenate([chosen if known else chosen[:0], *own]).astype(np.int64))
        if not len(places):
            return places, np.zeros((0, len(FEATURES)), dtype=np.float32)
        rest = words if terms.rest is terms.bags else side.vocabulary.words(terms.rest)
        features = _Features(places)
        for block, units in side.units.items():
            whole, around = units.cover(places, words[block], rest[block])
            features.put(f"cover_{block}", whole)
            features.put(f"cover_rest_{block}", around)
        if learned is not None:
            features.put("learned", learned[places])
        self._subject_features(features, named, subjects)
        features.put("aspect", [aspects.get(self.units[place].aspect, 0.0) for place in places])
        return places, features.values

    def _alike(self, side: _Side, words: Mapping[str, Words]) -> np.ndarray:
        """How alike each unit is to the message: picks the candidates in a collection too large to learn."""
        total = np.zeros(len(self.units), dtype=np.float32)
        for block, weight in _UNIT_BLOCKS.items():
            matrix = side.units[block]
            query = matrix.query(words[block])
            rare = matrix.idf[query.columns] > np.log(1 / _MAX_STAGE_SHARE) + 1
            total += weight * matrix.against_all(Query(query.columns[rare], query.weights[rare]))
        return total

    def _subject_features(self, features: _Features, named: list[str], subjects: Sequence[str]) -> None:
        articles = [self.units[place].article for place in features.places]
        first = set(named)
        around = set().union(*(self._related.get(article, set()) for article in named)) if named else set()
        carried = set(subjects) if not named else set()
        features.put("named", [article in first for article in articles])
        features.put("near_named", [article not in first and article in around for article in articles])
        features.put("other_named", [bool(first) and article not in first and article not in around for article in articles])
        features.put("carried", [article in carried for article in articles])


class _Features:
    """A row of features for each place."""

    def __init__(self, places: np.ndarray) -> None:
        self.places = places
        self.values = np.zeros((len(places), len(FEATURES)), dtype=np.float32)

    def put(self, name: str, values: np.ndarray | list[float] | list[bool]) -> None:
        self.values[:, FEATURES.index(name)] = values


def bare(text: str) -> str:
    """A text by its letters and digits alone, for comparing word for word."""
    return re.sub(r"[\W_]+", "", normalised(text))


def reader_of(library: Library) -> TermReader:
    """Reads texts with the names and concepts of a library."""
    return TermReader(NameTable(subject_names(library)), PhraseTable(concept_phrases(library.concepts)))


def _kept(unit: Unit, code: str, leave: Leave | None) -> list[str]:
    asked = [unit.question.get(code, ""), *unit.asked.get(code, ())]
    return [text for number, text in enumerate(asked) if not (leave and leave(unit, code, number))]


def _parted(counts: Counts, sizes: Sequence[int]) -> list[Counts]:
    """The rows of a table, cut into parts of these sizes."""
    ends = np.cumsum(sizes)
    return [{block: table[end - size : end] for block, table in counts.items()} for size, end in zip(sizes, ends)]


def _together(questions: sparse.csr_matrix, starts: np.ndarray, answers: sparse.csr_matrix) -> sparse.csr_matrix:
    """One row for each unit: its questions, and half as much its answer. No count is less than one."""
    rows = questions.shape[0]
    owners = sparse.csr_matrix((np.ones(rows, dtype=np.float32), np.arange(rows), starts), shape=(len(starts) - 1, rows))
    whole = (owners @ questions + 0.5 * answers).tocsr()
    whole.data = np.maximum(whole.data, 1.0).astype(np.float32)
    return whole


def _learned(
    rows: TermRows, starts: np.ndarray, questions: Counts, answers: Counts, strange: Counts, going_on: Counts
) -> tuple[UnitClassifier, OutsideClassifier | None]:
    """What is learned from all texts of one language."""
    known, about, others, inside = (rows.of(counts) for counts in (questions, answers, strange, going_on))
    owners = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    classifier = UnitClassifier(sparse.vstack([known, about], format="csr"), [*owners, *range(about.shape[0])], about.shape[0])
    if not known.shape[0] or not others.shape[0]:
        return classifier, None
    return classifier, OutsideClassifier(known, inside, others)


def _targets(mentions: Sequence[Mention]) -> list[str]:
    """The articles that a message names, without doubles; longer names first, since they say more."""
    result: list[str] = []
    for mention in sorted(mentions, key=lambda one: (one.by_sound, -(one.end - one.start))):
        result.extend(target for target in mention.targets if target not in result)
    return result
