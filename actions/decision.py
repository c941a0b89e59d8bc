"""Decides what to say to a message: which answer, which choices, or that the bot is not sure. No Rasa in here, so it is tested alone."""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass, field, replace
from functools import cache
from typing import AbstractSet, Callable, Optional, Sequence

from actions.follow_ups import follow_ups
from actions.memory import Memory
from actions.outside import CLEAR, names_another_country, odds_outside
from actions.questions import has_question
from knowledge.analysis import Token, has_japanese, normalised, tokens
from knowledge.answers import Answer, answer_of
from knowledge.articles import Article, FormStart, Library, Unit
from knowledge.aspect_intents import intent_aspects
from knowledge.content_reader import target_exists
from knowledge.despair import tells_despair
from knowledge.languages import in_language, languages
from knowledge.search.index import WORD_FOR_WORD, Found, Hit, Index, bare
from knowledge.search.names import Mention, NameTable, choice_names
from knowledge.search.terms import split_questions
from privacy.numbers import redact

MAX_OFFERED = 3
_OUT_OF_SCOPE = "out_of_scope"
DANGER = "report_danger"  # the intent that is never sent away as none of our business
DESPAIR = "life-illness#not-want-to-live"  # what is said to who does not want to live, and nothing else
ABOUT = "guide-about-madoguchi"  # the article about this service
SURE_ABOUT_ITSELF = 0.5  # the certainty from which on that article answers what is taken for "who are you"
SURE_BY_ITSELF = 0.95  # the certainty of a short message alone from which on it is answered by itself too, in the middle of another subject
FIXED_UNITS = frozenset({f"{ABOUT}#what", f"{ABOUT}#person"})  # of it: what the fixed reply says better
FORM = "form:"  # a target that is a form and no answer
_TOPIC = "status"  # a kind of articles whose name turns the conversation to them ("and for dependents?"); others may be asked about within one
_PROCEDURES = frozenset({"status", "procedure"})
# Words around a name that correct or go on, and ask nothing themselves.
_GOING_ON = frozenset({"mean", "actually", "sorry", "instead", "case", "wrong", "違う", "ちがう", "間違う", "間違い", "場合", "ほう", "方", "つく"})
# Words that make a question out of a name.
_ASKING = frozenset(
    "what how when where who why which much many long いくら 幾ら 何 なに なん 何時 何処 どう どの どこ どれ どれくらい いつ だれ 誰 なぜ".split()
)
_DEEP = 40  # hits looked through for one of the subject
_OWN_SUBJECT = 0.9  # the certainty of a short message alone from which on it turns the conversation to what it is about
_OUTSIDE_IN_CONTEXT = 1.3  # the odds from which on a message that seems to go on with the subject is none of our business all the same
_STRANGE, _LIKELY_ASPECT = 0.4, 0.3  # probabilities of an intent, of an aspect
_LIGHT = 2  # content words; so short a half of a message ("how many days do I have") says little of what it is about
_SHORT = 7  # content words; a question this short may leave its subject to the conversation
_ORDINALS = {
    "1": 1, "2": 2, "3": 3, "4": 4, "5": 5, "6": 6,
    "one": 1, "two": 2, "three": 3, "first": 1, "second": 2, "third": 3, "fourth": 4, "1st": 1, "2nd": 2, "3rd": 3,
    "top": 1, "former": 1, "last": -1, "bottom": -1, "latter": -1,
    "一": 1, "二": 2, "三": 3, "①": 1, "②": 2, "③": 3, "いち": 1, "に": 2, "さん": 3, "ひとつ": 1, "ふたつ": 2, "みっつ": 3,
    "最初": 1, "さいしょ": 1, "上": 1, "うえ": 1, "前者": 1, "下": -1, "した": -1, "最後": -1, "さいご": -1, "後者": -1,
    "一番": 1, "いちばん": 1,
}  # fmt: skip
_NUMBER_ONLY = re.compile(
    r"\W*(?:no\.?|number|option|the|#|(?:一番|いちばん)(?=[上下最うしさ]))?\s*"
    rf"({'|'.join(sorted(map(re.escape, _ORDINALS), key=len, reverse=True))})"
    r"(?:\s*(?:one|option|please|pls|番目?|つ目|つめ|ばんめ?|め|のほう|の方|のやつ|で|が|の|を|お願いします|です|ください|いい))*\W*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Asked:
    """A message as the understanding saw it. `language`: to reply in; `written`: that of the message itself, '' when it has none of its own ("OK")
    or is the same. They differ where somebody asked for the other one. `confidence`: of the intent, 1 where words decide it."""

    text: str
    language: str
    intent: str = "unclear"
    ranking: tuple[tuple[str, float], ...] = ()
    written: str = ""
    confidence: float = 1.0

    @property
    def compared(self) -> str:
        """The language whose questions the message is compared with."""
        return self.written or self.language

    @property
    def strange(self) -> float:
        """How likely it is none of our business, by the intents alone; 0 when that is not among the likeliest."""
        return dict(self.ranking).get(_OUT_OF_SCOPE, 0.0)


@dataclass
class Decision:
    """What to say.

    `kind`: answer (sure), likely (the nearest answer, said to be no more than that), choice, unsure_near, unsure, out_of_scope, form (`form` begins).
    `answers` in the order to say them, `also` one more that may be meant as well; `buttons` to tap.
    """

    kind: str
    memory: Memory
    answers: list[Answer] = field(default_factory=list)
    also: Optional[Answer] = None
    buttons: list[dict[str, str]] = field(default_factory=list)
    ask: str = ""
    certainty: float = 0.0
    form: Optional[str] = None

    @property
    def tells(self) -> bool:
        """Whether it is an answer, sure or the nearest there is."""
        return self.kind in ("answer", "likely")


class Counter:
    """The counter where one asks: an index of the knowledge, and the rules of talking about it."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.library: Library = index.library
        self._units: dict[str, Unit] = index.library.units
        self._choices = NameTable(choice_names(index.library))

    def decide(self, asked: Asked, memory: Memory, day: dt.date) -> Decision:
        """The reply to one message, given what the conversation remembers."""
        taken = self.taken(asked.text, memory)
        if taken:
            return self.tell(taken, asked, memory, day)
        if asked.intent == DANGER and DESPAIR in self._units and tells_despair(asked.text):
            return self.tell(DESPAIR, asked, memory, day)
        called = self.index.unit_called(asked.text, asked.language)
        if called:
            return self.tell(called, asked, memory, day)
        words = tokens(asked.text)
        # What the message finds by itself: searched once, and only when something needs it.
        alone = cache(lambda: self.index.search(asked.text, asked.compared, (), likely_aspects(asked)))
        choice = self._bare_choice(asked.text, words, memory)
        going_on = self._going_on(choice, asked, memory, words) if choice else None
        if going_on:
            question, found = going_on
            return self._decided(found, replace(asked, text=question), memory, day)
        if choice and not self._clear_question(choice, asked, alone, words):
            return self._choice(choice, asked, memory)
        both = self._both(asked)
        if both:
            return self._answer(both, asked, memory, day, self.index.ranking.sure)
        mentions = self.index.names.find(asked.text, list(words))
        bare_subject = len({one.targets[0] for one in mentions}) == 1 and not _content_outside(words, mentions)
        if bare_subject and not memory.question:
            return self._told(mentions[0], asked, memory, day, alone)
        if bare_subject and memory.subject and self._takes_its_place(mentions[0], words):
            # "and for dependents?", 家族滞在は？, "no, I meant student": the last question again, about another subject.
            last = self._without_subject(memory.question or "", memory.subject, asked.compared)
            question = f"{last} {asked.text}"
            found = self.index.follow_up(last, asked.compared, mentions[0].targets[0], None, likely_aspects(asked))
            adds = False
        else:
            question, found = self._search(asked, memory, words, mentions, alone)
            adds = question != asked.text
        names_nothing = bool(memory.subject) and self._asks_of_subject(words)
        abroad = names_another_country(asked.text) and found.certainty < WORD_FOR_WORD
        strays = names_nothing or (not adds and self._leans_on(memory, words) and alone().certainty < _OWN_SUBJECT)
        asked = replace(asked, text=question)
        if asked.intent != DANGER:
            odds = math.inf if abroad else odds_outside(asked.text, found, asked.strange, bool(self._choices.find(asked.text, words)))
            if odds > (_OUTSIDE_IN_CONTEXT if adds else 0):
                return self._outside(found, asked, memory, odds)
        decision = self._decided(found, asked, memory, day)
        if strays:  # it does not turn the conversation, wherever its answer stands
            decision.memory = replace(decision.memory, subject=memory.subject, earlier=memory.earlier)
        if strays or adds:
            decision.memory = replace(decision.memory, opening=memory.opening)
        return decision

    # --- what was tapped or typed of what was offered ----------------------------------------------------------------

    def taken(self, text: str, memory: Memory) -> Optional[str]:
        """The target of what was offered, when the message picks it by its words or its number; else None."""
        plain = bare(text)
        for option in memory.offered:
            if plain and plain == bare(option["title"]):
                return option["target"]
        match = _NUMBER_ONLY.fullmatch(normalised(text))
        if match and memory.offered:
            place = _ORDINALS.get(match.group(1).lower(), 0)
            if place == -1 or 1 <= place <= len(memory.offered):
                return memory.offered[place - 1 if place > 0 else -1]["target"]
        for option in memory.offered:
            # "extension" typed for the button "Extension of the period of stay"; not for long texts, which are new questions
            if (
                len(plain) >= (2 if has_japanese(plain) else 3)
                and len(tokens(text)) <= 4
                and plain in bare(option["title"])
                and sum(plain in bare(o["title"]) for o in memory.offered) == 1
            ):
                return option["target"]
        return None

    def _told(self, mention: Mention, asked: Asked, memory: Memory, day: dt.date, alone: Callable[[], Found]) -> Decision:
        """A name and no question: what the article says first; where something happened to it (不許可になった), what is surely meant; and where a
        question of the collection is just this name (住民票), its answer."""
        named = bare(asked.text[mention.start : mention.end]) == bare(asked.text)
        found = alone()
        sure = not named and found.certainty >= self.index.ranking.sure and self._units[found.hits[0].unit].article in mention.targets
        if sure or found.certainty >= WORD_FOR_WORD:
            return self._decided(found, asked, memory, day)
        return self.tell(mention.targets[0], asked, memory, day)

    def about_itself(self, asked: Asked) -> Optional[str]:
        """The key of the unit that answers a question about this service itself (what it keeps, what it costs), when the article about it has one."""
        found = self.index.search(asked.text, asked.compared, (ABOUT,))
        first = self._units[found.hits[0].unit] if found.hits and found.certainty >= SURE_ABOUT_ITSELF else None
        return first.key if first and first.article == ABOUT and first.key not in FIXED_UNITS else None

    def says_more(self, text: str) -> bool:
        """Whether a "no" or a "something else" says at once what is meant: "no, I mean the change of status", いや、妻の話です."""
        words = list(tokens(text))
        named = self.index.names.find(text, words) or self._choices.find(text, words)
        return bool(named) and follow_ups().correction.search(normalised(text)) is not None

    def tell(self, target: str, asked: Asked, memory: Memory, day: dt.date) -> Decision:
        """The answer of one unit (by key), or of an article's first unit (by id); or the form (`form:` and its id) that begins."""
        if target.startswith(FORM):
            return Decision("form", replace(memory, offered=()), form=target[len(FORM) :])
        if not target_exists(target, "", self.library):
            return Decision("unsure", replace(memory, offered=()))
        unit = self._units[target] if "#" in target else self.library.articles[target].units[0]
        return self._answer([unit], replace(asked, text=in_language(unit.question, asked.language), written=""), memory, day, WORD_FOR_WORD)

    # --- words that mean too much alone --------------------------------------------------------------------------------

    def _bare_choice(self, text: str, words: Sequence[Token], memory: Memory) -> Optional[str]:
        mentions = self._choices.find(text, list(words))
        if len({mention.targets[0] for mention in mentions}) != 1 or names_another_country(text):
            return None  # two such words together say what is meant: "change my student visa"
        name = mentions[0].targets[0]
        if _content_outside(words, mentions) or (memory.subject and self.library.choices[name].follow_up):
            return None
        return name

    def _going_on(self, name: str, asked: Asked, memory: Memory, words: Sequence[Token]) -> Optional[tuple[str, Found]]:
        """What is asked about such a word within the subject (解雇 … "what happens to my visa?"), or the last question about it ("and for PR?",
        永住は？), when that is clear; None when the word stands there alone."""
        if self._is_name(name, asked) or not memory.subject or not memory.question:
            return None
        if any(word.lemma in _ASKING for word in words):
            found = self.index.follow_up(asked.text, asked.compared, memory.subject, memory.unit, likely_aspects(asked), opening=memory.opening)
            if found.certainty >= self.index.ranking.sure and self._units[found.hits[0].unit].article == memory.subject:
                return asked.text, found
        last = self._without_subject(memory.question, memory.subject, asked.compared)
        question = f"{last} {asked.text}"
        found = self.index.search(question, asked.compared, (), likely_aspects(asked))
        return (question, found) if found.certainty >= self.index.ranking.sure else None

    def _clear_question(self, name: str, asked: Asked, alone: Callable[[], Found], words: Sequence[Token]) -> bool:
        """Whether a word that means too much alone stands in a question that is clear all the same: "what is PR", ビザはいくら; or in one that the
        knowledge holds word for word, whose other words the analysis may not know (べっきょしています こうしん できますか)."""
        if any(word.lemma in _ASKING for word in words) and alone().certainty >= self.index.ranking.sure:
            return True
        return not self._is_name(name, asked) and alone().certainty >= WORD_FOR_WORD

    def _is_name(self, name: str, asked: Asked) -> bool:
        """Whether a message is such a word and nothing else."""
        return bare(asked.text) in {bare(one) for one in self.library.choices[name].names.get(asked.compared, ())}

    def _choice(self, name: str, asked: Asked, memory: Memory) -> Decision:
        choice = self.library.choices[name]
        buttons = [{"title": in_language(option.label, asked.language), "target": option.target} for option in choice.options]
        return Decision(
            "choice",
            replace(memory, offered=tuple(buttons), question=redact(asked.text).text),
            buttons=buttons,
            ask=in_language(choice.ask, asked.language),
        )

    # --- questions ---------------------------------------------------------------------------------------------------

    def _search(
        self, asked: Asked, memory: Memory, words: Sequence[Token], mentions: Sequence[Mention], alone: Callable[[], Found]
    ) -> tuple[str, Found]:
        """What was found for a message, and the question as it was understood: with what the conversation adds to it."""
        article = self.library.articles.get(memory.subject or "")
        of_subject = self._asks_of_subject(words)
        if not article or not self._leans_on(memory, words) or (not of_subject and any(self._names_a_topic(mention) for mention in mentions)):
            return asked.text, alone()
        limit = _DEEP if of_subject else 8
        found = self.index.follow_up(asked.text, asked.compared, article.id, memory.unit, likely_aspects(asked), limit, memory.opening)
        near = {article.id, *article.related}
        if asked.strange >= _STRANGE:  # the words say so, whatever the conversation is about
            found = replace(found, outside=max(found.outside, alone().outside))
        elif of_subject:
            found = self._within(article, found, asked, words)
        elif found.hits and found.certainty < self.index.ranking.sure:
            found = self._or_alone(found, alone(), near)
        stays = bool(found.hits) and self._units[found.hits[0].unit].article in near
        return f"{in_language(article.title, asked.compared)} {asked.text}" if stays else asked.text, found

    def _leans_on(self, memory: Memory, words: Sequence[Token]) -> bool:
        """Whether a message is so short that it may leave its subject to the conversation."""
        return bool(memory.subject) and len([word for word in words if word.content]) <= _SHORT

    def _or_alone(self, found: Found, alone: Found, near: AbstractSet[str]) -> Found:
        """What was found about the subject without being sure of it; after what the message says by itself, when that is sure and of something else
        (在留カード … 会社が給料を払ってくれません), so that both are told."""
        if alone.certainty < SURE_BY_ITSELF or self._units[alone.hits[0].unit].article in near:
            return found
        first, *rest = alone.hits
        if found.hits[0].unit == first.unit:
            return alone
        second = replace(found.hits[0], score=first.score)
        return replace(alone, hits=[first, second, *(hit for hit in rest if hit.unit != second.unit)])

    def _within(self, article: Article, found: Found, asked: Asked, words: Sequence[Token]) -> Found:
        """What was found about the subject alone, since a question that names nothing is about none but it.

        When something else came first, or something that is not sure and of another aspect, the answer is the subject's unit of the aspect asked for,
        or the general article of that aspect ("fees?" after a status: the table of fees), or its nearest unit; none of them surer than likely.
        """
        found = replace(found, outside=0.0)
        aspects = {aspect for word in words for aspect in follow_ups().words.get(word.lemma, ())}
        aspects = aspects or {name for name, share in likely_aspects(asked).items() if share >= _LIKELY_ASPECT}

        def of(articles: AbstractSet[str], fitting: bool) -> list[Hit]:
            units = [(hit, self._units[hit.unit]) for hit in found.hits]
            return [hit for hit, unit in units if unit.article in articles and (unit.aspect in aspects or not fitting)]

        near, sure = {article.id, *article.related}, found.certainty >= self.index.ranking.sure
        first = self._units[found.hits[0].unit] if found.hits else None
        if first is None or (first.article in near and (sure or first.aspect in aspects or not aspects)):
            return found
        general = follow_ups().general if article.kind in _PROCEDURES else frozenset[str]()
        hits = of({article.id}, True) or of(near, True) or of(general, True) or of(near, False)
        return replace(found, hits=hits, certainty=(self.index.ranking.nearly + self.index.ranking.sure) / 2) if hits else found

    def _takes_its_place(self, mention: Mention, words: Sequence[Token]) -> bool:
        """Whether a name that stands alone takes the place of the subject in the last question ("and for dependents?"). Of other things a name asks
        within the subject: バイトは？ after the job hunting status, 離婚したら？."""
        return not self._asks_of_subject(words) and self._names_a_topic(mention)

    def _asks_of_subject(self, words: Sequence[Token]) -> bool:
        """Whether a message names no thing of its own ("how much does it cost", 期間は)."""
        content = [word for word in words if word.content and word.lemma not in _GOING_ON]
        asks = bool(content) or any(word.lemma in _ASKING for word in words)
        return asks and all(word.lemma in follow_ups().words for word in content)

    def _names_a_topic(self, mention: Mention) -> bool:
        """Whether a name changes the topic. Everyday words that are names too (family, 家族, salary) do not, and procedures belong to many topics."""
        return self.library.articles[mention.targets[0]].kind == _TOPIC

    def _without_subject(self, question: str, subject: str, language: str) -> str:
        """A question without the names in it, and without the words of its subject's title ("extension" for "Extension of period of stay")."""
        title = {word.lemma for word in tokens(in_language(self.library.articles[subject].title, language)) if word.content}
        spans = [(one.start, one.end) for one in self.index.names.find(question)]
        spans += [(one.start, one.end) for one in self._choices.find(question) if not self.library.choices[one.targets[0]].follow_up]
        spans += [(word.start, word.end) for word in tokens(question) if word.lemma in title]
        kept = [char for place, char in enumerate(question) if not any(start <= place < end for start, end in spans)]
        return "".join(kept)

    def _decided(self, found: Found, asked: Asked, memory: Memory, day: dt.date) -> Decision:
        ranking = self.index.ranking
        if not found.hits or found.certainty < ranking.nearly:
            return self._unsure(found, asked, memory)
        units = [self._units[found.hits[0].unit]]
        units += self._second(asked, units[0])
        also = self._also(found) if len(units) == 1 else None
        decision = self._answer(units, asked, memory, day, found.certainty, [self._units[hit.unit] for hit in found.hits[1:]], also)
        if found.certainty < ranking.sure:
            decision.kind = "likely"
        return decision

    def _also(self, found: Found) -> Optional[Unit]:
        """The second hit, when it is about as likely as the first."""
        close = len(found.hits) > 1 and found.hits[0].score - found.hits[1].score < self.index.ranking.clear_lead
        return self._units[found.hits[1].unit] if close else None

    def _both(self, asked: Asked) -> list[Unit]:
        """The units that answer the two halves of one sentence, each of which asks for something, and surely ("how do I … and what does …?").
        The second may leave its subject to the first."""
        halves = follow_ups().both.split(normalised(asked.text))
        if len(halves) != 2 or not all(_asks(tokens(half)) for half in halves) or self._asks_of_subject(tokens(halves[0])):
            return []
        first = self.index.search(halves[0], asked.compared)
        if not first.hits or first.certainty < self.index.ranking.sure:
            return []
        unit = self._units[first.hits[0].unit]
        if self._asks_of_subject(tokens(halves[1])):
            second = self.index.follow_up(halves[1], asked.compared, unit.article, unit.key)
        else:
            second = self.index.search(halves[1], asked.compared)
        if not second.hits or second.certainty < self.index.ranking.sure or second.hits[0].unit == unit.key:
            return []
        other = self._units[second.hits[0].unit]
        strayed = not self._neighbours(unit, other) and not second.mentions and sum(word.content for word in tokens(halves[1])) <= _LIGHT
        return [] if strayed else [unit, other]

    def _neighbours(self, one: Unit, other: Unit) -> bool:
        """Whether two units are of the same or of related articles."""
        articles = self.library.articles
        return one.article == other.article or other.article in articles[one.article].related or one.article in articles[other.article].related

    def _second(self, asked: Asked, first: Unit) -> list[Unit]:
        """The unit that answers the other half of a message with two questions, when that is sure too. What only tells something ("I have paid it
        since") is no question, and gets no answer of its own."""
        parts = [part for part in split_questions(asked.text) if len([word for word in tokens(part) if word.content]) >= 2 and _is_asked(part)]
        if len(parts) < 2:
            return []
        for part in parts:
            found = self.index.search(part, asked.compared, [first.article])
            if found.hits and found.certainty >= self.index.ranking.sure and found.hits[0].unit != first.key:
                return [self._units[found.hits[0].unit]]
        return []

    def _answer(
        self,
        units: list[Unit],
        asked: Asked,
        memory: Memory,
        day: dt.date,
        certainty: float,
        others: Sequence[Unit] = (),
        also: Optional[Unit] = None,
    ) -> Decision:
        """The answer of these units, with the unit that may be meant as well, if both can still be read on a phone."""
        answers = [answer_of(self.library, unit, asked.language, day) for unit in units]
        second = answer_of(self.library, also, asked.language, day) if also else None
        if second and sum(len(answer.text) for answer in (*answers, second)) > languages()[asked.language].limits["two_answers"]:
            also = second = None
        told = [*units, also] if also else units
        buttons = self._next(told, others, asked.language, memory, certainty < self.index.ranking.most_sure)
        question = redact(asked.text).text
        after = replace(memory.about(units[0].article), unit=units[0].key, offered=tuple(buttons), failures=0, question=question, opening=question)
        return Decision("answer", after, answers, second, buttons, certainty=certainty)

    def _next(self, units: list[Unit], others: Sequence[Unit], language: str, memory: Memory, doubtful: bool) -> list[dict[str, str]]:
        """Two or three questions worth asking after these units were told, the first of which is the answer: those the editor named, then near hits
        about the same thing, then the article's others. Where the answer is `doubtful`, they are what may have been meant instead.
        """
        first = units[0]
        told = {unit.key for unit in units} | {memory.unit}
        named = [key if "#" in key else f"{first.article}#{key}" for key in first.next if key not in self.library.articles]
        rest = list(self.library.articles[first.article].units)
        place = next((index for index, unit in enumerate(rest) if unit.key == first.key), 0)
        others = [unit for unit in others if unit.key not in told]
        ordered = others[:MAX_OFFERED] if doubtful else []
        ordered += [self._units[key] for key in named if key in self._units]
        ordered += [unit for unit in others if unit.article == first.article][:2] + [unit for unit in others if unit.article != first.article][:1]
        ordered += rest[place + 1 :] + rest[:place]
        chosen: list[Unit] = []
        for unit in ordered:
            if unit.key not in told and unit not in chosen:
                chosen.append(unit)
        buttons = [form_button(form, language) for form in self.library.forms.values() if first.article in form.articles][:1]
        return [*buttons, *(self._button(unit, language) for unit in chosen[:MAX_OFFERED])]

    def nearest(self, asked: Asked, memory: Memory, day: dt.date) -> list[dict[str, str]]:
        """The questions nearest to a message, to tap where something else than their answers is said to it."""
        decision = self.decide(asked, memory, day)
        told = [*decision.answers, *([decision.also] if decision.also else [])]
        buttons = [self._button(self._units[answer.unit], asked.language) for answer in told]
        buttons += [button for button in decision.buttons if button.get("target") in self._units]
        return buttons[:MAX_OFFERED]

    def _button(self, unit: Unit, language: str) -> dict[str, str]:
        return {"title": in_language(unit.question, language), "target": unit.key}

    def _outside(self, found: Found, asked: Asked, memory: Memory, odds: float) -> Decision:
        """None of our business; where that is in doubt, with what else may be meant."""
        buttons = self._near(found, asked) if odds < CLEAR else []
        return Decision("out_of_scope", replace(memory, offered=tuple(buttons), failures=0), buttons=buttons)

    def _near(self, found: Found, asked: Asked) -> list[dict[str, str]]:
        """The nearest questions, if any is near."""
        near = [hit for hit in found.hits[:MAX_OFFERED] if found.certainty > self.index.ranking.nearly / 3]
        return [self._button(self._units[hit.unit], asked.language) for hit in near]

    def _unsure(self, found: Found, asked: Asked, memory: Memory) -> Decision:
        buttons = self._near(found, asked)
        after = replace(memory, offered=tuple(buttons), failures=memory.failures + 1, question=redact(asked.text).text)
        return Decision("unsure_near" if buttons else "unsure", after, buttons=buttons, certainty=found.certainty)


def form_button(form: FormStart, language: str) -> dict[str, str]:
    """The button that begins a form."""
    return {"title": in_language(form.title, language), "target": FORM + form.id}


def _content_outside(words: Sequence[Token], mentions: Sequence[Mention]) -> list[Token]:
    """The content words that no mention covers."""
    return [
        word
        for word in words
        if word.content and word.lemma not in _GOING_ON and not any(one.start <= word.start and word.end <= one.end for one in mentions)
    ]


def _is_asked(part: str) -> bool:
    """Whether a sentence of a message asks something, by its mark or its words."""
    return part.endswith("?") or has_question(part)


def _asks(words: Sequence[Token]) -> bool:
    """Whether words ask for something: 方法, "how", "cost"."""
    return any(word.lemma in _ASKING or word.lemma in follow_ups().words for word in words)


def likely_aspects(asked: Asked) -> dict[str, float]:
    """How likely each aspect is, from the intents."""
    table = intent_aspects()
    likely: dict[str, float] = {}
    for intent, confidence in asked.ranking[:4]:
        for place, aspect in enumerate(table.get(intent, ())):
            likely[aspect] = max(likely.get(aspect, 0.0), confidence * (1.0 if place == 0 else 0.7))
    return likely
