"""Reads the answer to a question: what was tapped, a number, a recognised value, or words that mean an option. No Rasa in here."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Tuple

from rapidfuzz import fuzz, process

from actions.forms.form import Form, Heard, possible
from actions.questions import has_question
from knowledge.analysis import has_japanese, normalised, tokens
from knowledge.documents import read_document
from knowledge.guides.questionnaire import UNKNOWN, Answers, Option, Question
from knowledge.languages import in_language
from knowledge.numerals import bare_amount, bare_number, lone_amount, lone_months, lone_number, lone_years, ranged
from knowledge.search.index import bare
from knowledge.search.names import Mention, NameTable
from knowledge.search.terms import split_questions
from privacy.numbers import redact

NONE = "none"  # the id of an option that says "none of these"
_SPELT = 85  # how alike (of 100) a word with a typing error must be to the word of an option
_LONG = 5  # letters; shorter words are alike too easily
MAX_TEXT = 300  # characters of an answer in free words that are kept
_MONTHS = 12
_BELOW = {"money": 1, "years": 0.5}  # yen and years, by which "under 5 million" and "almost 3 years" stay under what they name
MOST_A_MONTH = 1_000_000  # yen; nobody lives on less a year, so that it is taken for what somebody earns in a month
_UNSURE_NUMBER = re.compile(
    r"(?<=[年歳才円万億0-9点])(?:くらい|ぐらい|ほど|だった|です)?(?:かな|かも|っけ|でしょうか|と思)[あぁいう]*(?:です)?[。?？\s]*$"
)  # 6年かな tells, and asks nothing
_KANJI = re.compile(r"[㐀-鿿々]")
_MARK = re.compile(r"\((\w{1,2})\)$")  # the letter of an option: "Specialised or technical work (b)", 専門・技術の仕事（ロ）
_WORDS = read_document(Path(__file__).with_name("words.yaml")).data
_ORDINALS = {word: place for rows in _WORDS["places"]["ordinals"].values() for place, words in enumerate(rows, 1) for word in words}
_AROUND = {name: "(?:{})*".format("|".join([r"\W", *_WORDS["places"][name].values()])) for name in ("before", "after")}
_NUMBER = re.compile(
    "{before}(?:([1-9])|({ordinal})(?={counter}|$)){after}".format(
        ordinal="|".join(map(re.escape, _ORDINALS)), counter=_WORDS["places"]["counter"], **_AROUND
    )
)
_LETTER = re.compile("{before}{letter}{after}".format(letter=_WORDS["places"]["letter"], **_AROUND))


# --- what leads the talk ---------------------------------------------------------------------------------------------------


@lru_cache(maxsize=32)
def _whole(name: str) -> frozenset[str]:
    return frozenset(bare(word) for words in _WORDS["whole"][name].values() for word in words)


def is_whole(name: str, text: str) -> bool:
    """Whether the whole message is one of the words of a list (cancel, restart, back, unknown, done, none), or all of it has such a pattern."""
    if bare(text) in _whole(name) or bare(text) in {bare(title) for title in _WORDS["titles"].get(name, {}).values()}:
        return True
    pattern = f"{name}_whole"
    return pattern in _WORDS["patterns"] and _pattern(pattern).fullmatch(normalised(text).strip(" .!。！、,…~〜")) is not None


@lru_cache(maxsize=32)
def _pattern(name: str) -> re.Pattern[str]:
    found = _WORDS["patterns"][name]
    return re.compile("|".join(f"(?:{one})" for one in (found.values() if isinstance(found, dict) else [found])))


def matches(name: str, text: str) -> bool:
    """Whether a message has one of the patterns in it (correction, cancel, negation)."""
    return _pattern(name).search(normalised(text)) is not None


def without(name: str, text: str) -> str:
    """A message without what one of the patterns finds in it."""
    return _pattern(name).sub(" ", normalised(text)).strip()


def title(name: str, language: str) -> str:
    """The text of one of the talk's own buttons (done, none, unknown, cancel, restart, person)."""
    return in_language(_WORDS["titles"][name], language)


def without_marker(text: str) -> str:
    """A message without the "no, " or いえ、 with which it mends what was said before, which is no answer itself."""
    match = _pattern("correction").match(normalised(text))
    return text[match.end() :] if match else text


# --- one question ----------------------------------------------------------------------------------------------------------


def tapped(form: Form, question: Question, heard: Heard, answers: Answers, picked: Sequence[str] = ()) -> Optional[str]:
    """The id of the option whose button was tapped or typed, or whose number was; None when there is none."""
    left = [option for option in form.options(question, answers) if option.id not in picked]
    plain = bare(heard.text)
    for option in left:
        if plain and plain in {bare(text) for text in option.label.values()}:
            return option.id
    letter = _LETTER.fullmatch(normalised(heard.text))
    for option in left:
        if letter and _mark(option, letter.group(1)):
            return option.id
    place = _place(heard.text) if question.kind in ("choice", "many") else 0
    return left[place - 1].id if 0 < place <= len(left) else None


def _mark(option: Option, letter: str) -> bool:
    """Whether a letter stands behind the name of an option in any language."""
    found = (_MARK.search(normalised(text)) for text in option.label.values())
    return any(match is not None and match.group(1) == letter for match in found)


def _place(text: str) -> int:
    """The place that a message names ("2", "the second one", 二番目); 0 when it names none."""
    match = _NUMBER.fullmatch(normalised(text))
    if not match:
        return 0
    return int(match.group(1)) if match.group(1) else _ORDINALS[match.group(2)]


def value_of(question: Question, option: str) -> Any:
    """What is stored for an option: its id, or the number that its id is when the question wants a number."""
    if question.kind in ("money", "age", "years") and option.isdigit():
        return int(option)
    return [option] if question.kind == "many" else option


def read(form: Form, question: Question, heard: Heard, answers: Answers, asked: bool) -> Any:
    """The answer to a question in free words; None when there is none. `asked`: it was asked just now, so that a bare number answers it, and
    "I don't know my salary yet" leaves open what may stay open."""
    value = _read(form, question, heard, answers, asked)
    if value is None and asked and question.kind in _LONE:
        value = _in_a_part(form, question, heard, answers)
    if value is None and asked and question.optional and matches("left_open", heard.text):
        return UNKNOWN
    return value


def _read(form: Form, question: Question, heard: Heard, answers: Answers, asked: bool) -> Any:
    heard = replace(heard, asked=asked)
    own = form.read(question, heard, answers)
    if own is not None:
        return own
    if question.kind in ("choice", "many"):
        return _options(form, question, heard, answers)
    value = _READERS[question.kind](heard)
    if value is None and asked and question.kind == "years":
        value = lone_months(heard.text)
    if value is None and question.kind in _LONE and (asked or named(form, heard) == question.id):
        value = _LONE[question.kind](heard)
    if value is None and asked and question.kind == "years" and is_whole("none", heard.text):
        value = 0
    if value is not None and question.kind in _BELOW and matches(f"below_{question.kind}", heard.text):
        value = max(value - _BELOW[question.kind], 0)  # nobody is to count on a band that is not reached
    if question.kind == "money":
        value = _a_year(heard, value)
    if value is None and question.options:
        found = _mentioned(form.options(question, answers), heard)
        value = value_of(question, found[0]) if len(found) == 1 else None
    return value if value is None or _makes_sense(question, value) else None


def _makes_sense(question: Question, value: Any) -> bool:
    if not isinstance(value, (int, float)):
        return True
    return (question.low is None or value >= question.low) and (question.high is None or value <= question.high)


def _number_of(value: float) -> float:
    return int(value) if float(value).is_integer() else float(value)


def _money(heard: Heard) -> Any:
    for one in heard.entities:
        if one["entity"] == "money" and one.get("per") != "hour":
            return round(one["value"] * (_MONTHS if one.get("per") == "month" else 1))
    amount = _told(bare_amount, heard.text) if heard.asked else None
    return None if amount is None else round(amount)


def _a_year(heard: Heard, amount: Any) -> Any:
    """Pay as so much a year: what is told as monthly, or can only be a month's ("350000"), counts twelve times."""
    if amount is None or any(one["entity"] == "money" and one.get("per") for one in heard.entities):
        return amount
    monthly = matches("monthly", heard.text) or (heard.asked and amount < MOST_A_MONTH and not matches("yearly", heard.text))
    return round(amount * _MONTHS) if monthly and amount < _MONTHS * MOST_A_MONTH else amount


def _age(heard: Heard) -> Any:
    found = heard.values("age") or (_only_duration(heard) if heard.asked else [])
    if not found and ranged(heard.text):
        return None  # of "29 or 30" the lower one would be more than is sure
    value = found[-1] if found else _told(bare_number, heard.text) if heard.asked else None
    return None if value is None else int(value)


def _only_duration(heard: Heard) -> Sequence[Any]:
    """Somebody who is asked for the age may say "29 years"."""
    return heard.values("duration") if bare_number(heard.text) is not None else []


def _years(heard: Heard) -> Any:
    found = heard.values("duration")
    value = found[-1] if found else _told(bare_number, heard.text) if heard.asked else None
    return None if value is None else _number_of(value)


def _told(read_one: Callable[[str], Optional[float]], text: str) -> Optional[float]:
    """The number that is the whole message, or the one part of it that is a number ("yes, 29", なるほど。7年です)."""
    whole = read_one(text)
    found = [value for part in parts(text) if (value := read_one(part)) is not None] if whole is None else []
    return found[0] if len(found) == 1 else whole


def _lone_amount(heard: Heard) -> Any:
    amount = lone_amount(heard.text)
    return None if amount is None else round(amount)


def _lone_age(heard: Heard) -> Any:
    value = None if heard.values("duration") or heard.values("money") or ranged(heard.text) else lone_number(heard.text)
    return None if value is None or not value.is_integer() else int(value)


def _lone_years(heard: Heard) -> Any:
    value = lone_years(heard.text)
    return None if value is None else _number_of(value)


def _last(entity: str) -> Any:
    return lambda heard: (heard.values(entity) or [None])[-1]


def _text(heard: Heard) -> Any:
    return redact(heard.text.strip()[:MAX_TEXT]).text or None if heard.asked else None


# What the only number of a message is, when its question was asked just now or is named ("my salary is 7m").
_LONE: Dict[str, Callable[[Heard], Any]] = {"money": _lone_amount, "age": _lone_age, "years": _lone_years}
_READERS: Dict[str, Callable[[Heard], Any]] = {
    **{"money": _money, "age": _age, "years": _years},
    **{"date": _last("date"), "place": _last("place"), "text": _text},
}


# --- options in words --------------------------------------------------------------------------------------------------------


def _options(form: Form, question: Question, heard: Heard, answers: Answers) -> Any:
    found = chosen(form, question, heard, answers)
    if question.kind == "many":
        return found or None
    if not found and heard.asked and is_whole("none", heard.text) and any(option.id == NONE for option in form.options(question, answers)):
        return NONE
    found = found or (_numbered(form.options(question, answers), heard.text) if heard.asked else [])
    return found[0] if len(found) == 1 else None


def _numbered(offered: Sequence[Option], text: str) -> list[str]:
    """Of options that are numbers (categories 1 to 4) the one whose number is the only one in a text, and counts nothing there: "3 I suppose"."""
    number, words = lone_number(text), list(tokens(text))
    counted = any(word.text.isdigit() and after.content and after.start - word.end <= 1 for word, after in zip(words, words[1:]))
    return [] if number is None or counted else [option.id for option in offered if option.id.isdigit() and int(option.id) == number]


def chosen(form: Form, question: Question, heard: Heard, answers: Answers) -> list[str]:
    """The options that a message means, by their words or by a recognised value, in their order; what it denies is left out."""
    offered = form.options(question, answers)
    found = _mentioned(offered, heard)
    if not found and heard.asked:
        found = _mentioned(offered, replace(heard, text=_respelt(offered, heard.text)))
    denied = [part for part in parts(heard.text) if matches("negation", part)]
    for one in heard.entities:
        said = heard.text[int(one.get("start") or 0) : int(one.get("end") or 0)]
        if one["entity"] == question.entity and not any(said and said in part for part in denied):
            found.append(str(one["value"]).lower())
    return [option.id for option in offered if option.id in found]


def part_of(heard: Heard, part: str) -> Heard:
    """A message cut down to one of its parts, with the values recognised in it."""
    kept: list[Any] = []
    for one in heard.entities:
        said = heard.text[int(one.get("start") or 0) : int(one.get("end") or 0)]
        place = part.lower().find(said.lower())
        if said and place >= 0:
            kept.append({**one, "start": place, "end": place + len(said)})
    return replace(heard, text=part, entities=tuple(kept))


def parts(text: str) -> list[str]:
    """The parts of a message of which one may be denied, or wished for."""
    return [part for part in _pattern("parts").split(text) if part and part.strip()]


def _mentioned(offered: Sequence[Option], heard: Heard) -> list[str]:
    """The options that a message names in its parts that deny nothing. Words such as "no" and "two" name one only when they were asked for."""
    found: list[str] = []
    for part in parts(heard.text):
        mentions = _option_mentions(offered, part, heard.asked)
        if mentions and not matches("negation", _without(part, mentions)):
            found += [target for mention in mentions for target in mention.targets[:1]]
    return list(dict.fromkeys(found))


def _respelt(offered: Sequence[Option], text: str) -> str:
    """A text whose words with typing errors are put as the options write them: "softwre enginer"."""
    known = _vocabulary(tuple(word for option in offered for words in (*option.words.values(), option.label.values()) for word in words))

    def mended(match: re.Match[str]) -> str:
        found = process.extractOne(match.group().lower(), known, scorer=fuzz.ratio, score_cutoff=_SPELT)
        return found[0] if found else match.group()

    return re.sub(rf"[A-Za-z]{{{_LONG},}}", mended, text)


@lru_cache(maxsize=64)
def _vocabulary(words: Tuple[str, ...]) -> Tuple[str, ...]:
    return tuple(dict.fromkeys(one for word in words for one in re.findall(rf"[a-z]{{{_LONG},}}", normalised(word))))


def _option_mentions(offered: Sequence[Option], text: str, asked: bool = True) -> Sequence[Mention]:
    pairs = [(word, option.id) for option in offered for words in (*option.words.values(), option.label.values()) for word in words]
    if asked:
        pairs += [(word, option.id) for option in offered for words in option.asked.values() for word in words]
    found = _find(_table(tuple((word, name) for word, name in pairs if asked or bare(word) not in _whole("short") | _whole("none"))), text)
    return found if asked else [one for one in found if one.text not in ("it", "It")]  # "what if it takes longer?" tells of no work in IT


def _find(table: NameTable, text: str) -> Sequence[Mention]:
    """The names in a text; by their sound only where it is written in kana or Latin letters: 日本語の試験 sounds like 2号の試験."""
    return [one for one in table.find(text) if not (one.by_sound and _KANJI.search(one.text))]


def _without(part: str, mentions: Sequence[Mention]) -> str:
    """A text without the names in it: "no degree" is an option, and denies nothing."""
    for mention in sorted(mentions, key=lambda one: -one.start):
        part = part[: mention.start] + " " + part[mention.end :]
    return part


@lru_cache(maxsize=128)
def _table(names: Tuple[Tuple[str, str], ...]) -> NameTable:
    return NameTable(names)


# --- several questions at once -------------------------------------------------------------------------------------------------


def read_all(form: Form, heard: Heard, answers: Answers, words: Sequence[str], skip: Optional[str] = None, beside: bool = False) -> Dict[str, Any]:
    """The answers in a message to questions that were not asked just now.

    A recognised value (an amount, an age, a level …) counts where only one question of the form can mean it. Words for an option count for
    the questions named in `words`: all where the message begins the form, the answered ones where it mends something. `skip`: the question
    asked just now; `beside`: whether the message answers that one, so that a bare number beside it ("bachelor, 31") may be the age.
    """
    found: Dict[str, Any] = {}
    known, mentions = dict(answers), _said(form, heard.text)
    for question in form.questions():
        if question.id == skip or not possible(question, known):
            continue
        own = free(form, question, _beyond(form, form.question(skip), heard, known), known, mentions)
        amount = _lone_amount(own) if question.kind == "money" and question.id in words and not own.values("money") else None
        if amount is not None and _makes_sense(question, amount):
            value: Any = _a_year(own, amount)
        elif (question.id in words and question.kind in ("choice", "many", "place", "date")) or _alone(form, question, own):
            value = read(form, question, own, known, asked=False)
        else:
            value = None
        if value is None and question.kind in _LONE:
            value = _in_a_part(form, question, heard, known)
        if value not in (None, []) and value != answers.get(question.id):
            found[question.id] = known[question.id] = value
    if found or beside:
        found.update(_bare_age(form, heard, known, skip))
    return found


def _in_a_part(form: Form, question: Question, heard: Heard, known: Answers) -> Any:
    """The number that stands in a part of a message that names the question, whatever other parts name: "age 31, experience 8"."""
    told = [part for part in parts(heard.text) if not matches("negation", part)]
    for part in told if len(told) > 1 or told != [heard.text] else ():
        own = part_of(heard, part)
        if named(form, own) != question.id:
            continue
        value = read(form, question, own, known, asked=False)
        if value is None:  # "and the salary is 4.8, not 6", 経験は4で
            bare_one = bare_amount if question.kind == "money" else bare_number
            number = _told(bare_one, without("copula", _without(part, _names(form).find(part))))
            value = _number_of(number) if number is not None and _makes_sense(question, number) else None
        if value is not None:
            return value
    return None


def denied(form: Form, question: Question, heard: Heard, answers: Answers) -> list[str]:
    """The options that a message names and denies ("without N1", 特許がなければ)."""
    offered = form.options(question, answers)
    found: list[str] = []
    for part in parts(heard.text):
        mentions = _option_mentions(offered, part, asked=False)
        if matches("negation", _without(part, mentions)):
            found += [mention.targets[0] for mention in mentions]
            values = (str(one["value"]).lower() for one in heard.entities if one["entity"] == question.entity and _stands_in(heard, one, part))
            found += list(values)
    return [option.id for option in offered if option.id in found]


def _stands_in(heard: Heard, entity: Mapping[str, Any], part: str) -> bool:
    said = heard.text[int(entity.get("start") or 0) : int(entity.get("end") or 0)]
    return bool(said) and said in part


def about(form: Form, heard: Heard) -> Optional[Tuple[str, Optional[str]]]:
    """The question that a message is about, by its names, the words of its options or a value, and the option where it names one; None where it
    is about none or several."""
    targets = {one.targets[0] for one in _said(form, heard.text)} | {one.id for one in form.questions() if one.entity and heard.values(one.entity)}
    asked = {name for name in targets if (question := form.question(name)) and question.names}
    name = next(iter(asked if len(asked) == 1 else targets), None) if len(asked) == 1 or len(targets) == 1 else None
    question = form.question(name)
    if question is None:
        return None
    mentioned = _option_mentions(question.options, heard.text, asked=False)
    return question.id, mentioned[0].targets[0] if mentioned else None


def _beyond(form: Form, asked: Optional[Question], heard: Heard, known: Answers) -> Heard:
    """A message without the values inside what it says to the question asked just now: "from a university in Japan" lowers no doctorate."""
    spans = [(one.start, one.end) for one in _option_mentions(form.options(asked, known), heard.text)] if asked and asked.kind == "many" else []
    kept = [one for one in heard.entities if not any(start < int(one.get("end") or 0) and int(one.get("start") or 0) < end for start, end in spans)]
    return replace(heard, entities=tuple(kept))


def only_number(question: Question, heard: Heard) -> bool:
    """Whether the whole message is one number, which answers nothing but the question asked: "28 yrs", asked for the age, are no years of work."""
    return question.kind in _LONE and (bare_number(heard.text) is not None or bare_amount(heard.text) is not None)


def read_mended(form: Form, heard: Heard, answers: Answers, skip: str) -> Dict[str, Any]:
    """The earlier answers that a message mends beside the answer to the question asked: "technical work; oh, and not a doctorate but a master's"."""
    sentences = [one for one in split_questions(heard.text) if matches("correction", one)]
    mended = part_of(heard, " ".join(sentences) or heard.text)
    return read_all(form, mended, answers, words=tuple(name for name in answers if name != skip), skip=skip)


def read_ahead(form: Form, heard: Heard, answers: Answers, skip: str) -> Dict[str, Any]:
    """The answers to the next questions, in the words beside the answer to the one asked ("in japan, student visa"; "work at a restaurant").

    Only questions that apply by then: a word of a branch that nobody entered says nothing. `skip`: the question asked just now.
    """
    heard = replace(heard, text=_without_asked(form, skip, heard.text))
    known, found, mentions = form.settled(dict(answers)), dict[str, Any](), _said(form, heard.text)
    for question in form.questions():
        if question.id == skip or question.id in known or question.kind not in ("choice", "place") or not question.applies(known):
            continue
        value = read(form, question, free(form, question, heard, known, mentions), known, asked=False)
        if value is not None:
            found[question.id] = known[question.id] = value
            known = form.settled(known)
    return found


def _without_asked(form: Form, name: str, text: str) -> str:
    """A text without what answers the question asked: "job hunting" names the status there, and no plan. Longer words of others stay whole."""
    question = form.question(name)
    longest = {(one.start, one.end) for one in _said(form, text)}
    asked = {bare(word) for option in (question.options if question else ()) for words in option.asked.values() for word in words}
    for one in _option_mentions(question.options if question else (), text):
        if (one.start, one.end) not in longest and bare(one.text) not in asked:
            continue
        text = text[: one.start] + " " * (one.end - one.start) + text[one.end :]
    return text


def told(form: Form, heard: Heard) -> Dict[str, Any]:
    """All answers that a message tells by itself, with what follows from them about other questions."""
    found = read_all(form, heard, {}, words=tuple(question.id for question in form.questions()))
    return form.settled({**found, **implied(form, found, {})})


def implied(form: Form, found: Answers, answers: Answers) -> Dict[str, Any]:
    """What the answers found say about earlier questions: who is a cook wants to work (`tells` of a question)."""
    following: Dict[str, Any] = {}
    for question in form.questions():
        for name, values in question.when.items() if question.tells and question.id in found else ():
            if name not in found and name not in answers:
                following[name] = values[0]
    return following


def free(form: Form, question: Question, heard: Heard, known: Answers, mentions: Optional[Sequence[Mention]] = None) -> Heard:
    """A message without the words of other questions that have this one's in them: "invest 100 million" is no pay, 役員報酬 (directors' pay) no
    position, and "work for a company" does not say where somebody teaches. Places in the text stay what they are."""
    others = {one.id for one in form.questions() if one.id != question.id and possible(one, known)}
    numeric = question.kind in ("money", "age", "years")
    spans = [
        (one.start, one.end)
        for one in (_said(form, heard.text) if mentions is None else mentions)
        if question.id not in one.targets and others & set(one.targets) and (numeric or _holds_words(form, question, one.text))
    ]
    text = heard.text
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    kept = [one for one in heard.entities if not any(start < int(one.get("end") or 0) and int(one.get("start") or 0) < end for start, end in spans)]
    return replace(heard, text=text, entities=tuple(kept), said=heard.said or heard.text)


def _holds_words(form: Form, question: Question, text: str) -> bool:
    wider = f" {normalised(text)} "
    return any((word if has_japanese(word) else f" {word} ") in wider for word, name in _words(form) if name == question.id)


def beside(form: Form, heard: Heard) -> str:
    """What a message says beside the words and values that answer questions of the form."""
    spans = [(one.start, one.end) for one in _said(form, heard.text)]
    keys = {_key(question) for question in form.questions()}
    spans += [(int(one.get("start") or 0), int(one.get("end") or 0)) for one in heard.entities if one["entity"] in keys]
    return "".join(" " if any(start <= place < end for start, end in spans) else letter for place, letter in enumerate(heard.text))


def _said(form: Form, text: str) -> Sequence[Mention]:
    """The names of questions and words of options in a text, the longest first; their targets are the questions."""
    return _find(_table(_words(form)), text)


@lru_cache(maxsize=16)
def _words(form: Form) -> Tuple[Tuple[str, str], ...]:
    common, questions = _whole("short") | _whole("none"), form.questions()
    pairs = [(word, one.id) for one in questions for words in (*one.names.values(), one.label.values()) for word in words]
    for question in questions:
        for option in question.options:
            words_of_it = [word for words in (*option.words.values(), option.label.values()) for word in words]
            pairs += [(word, question.id) for word in words_of_it if bare(word) not in common]
    return tuple(dict.fromkeys((normalised(word), name) for word, name in pairs))


def _bare_age(form: Form, heard: Heard, known: Answers, skip: Optional[str]) -> Dict[str, Any]:
    """A bare number beside other answers can only be the age: years, pay and points have a unit."""
    question = next((one for one in form.questions() if one.kind == "age"), None)
    if question is None or question.id in known or question.id == skip or not possible(question, known):
        return {}
    numbers = [value for part in parts(heard.text) if (value := bare_number(part)) is not None and not _units(heard, part)]
    asked = form.question(skip)
    if asked is not None and asked.kind in _LONE and bare_number(heard.text) is not None:
        return {}  # the only number answers what was asked
    if len(numbers) != 1 or not numbers[0].is_integer() or not _makes_sense(question, numbers[0]):
        return {}
    return {question.id: int(numbers[0])}


def _units(heard: Heard, part: str) -> bool:
    """Whether the number of a part was recognised as something ("5 years", 7年), so that it is not bare."""
    said = (heard.text[int(one.get("start") or 0) : int(one.get("end") or 0)] for one in heard.entities)
    return any(one and one in part for one in said) or lone_years(part) is not None


def _alone(form: Form, question: Question, heard: Heard) -> bool:
    """Whether the message has a value of the question's kind, which no other question of the form takes, or names the question."""
    key = _key(question)
    if key is None:
        return False
    about = named(form, heard) == question.id
    if not heard.values(key):
        return about and question.kind in _LONE
    rivals = [one for one in form.questions() if _key(one) == key]
    return len(rivals) == 1 or about


def _key(question: Question) -> Optional[str]:
    kinds: Mapping[str, str] = {"money": "money", "age": "age", "years": "duration", "date": "date", "place": "place"}
    return question.entity or kinds.get(question.kind)


def named(form: Form, heard: Heard, asked: Optional[Question] = None, answers: Answers = MappingProxyType({})) -> Optional[str]:
    """The question that a message names ("my salary", 年収), when it names exactly one. A name inside the words of an option of the question
    that was `asked` just now ("a Japanese university", asked about the person) names nothing."""
    options = _option_mentions(form.options(asked, answers), heard.text) if asked else []
    targets = {
        mention.targets[0]
        for mention in _names(form).find(heard.text)
        if not any(one.start <= mention.start and mention.end <= one.end for one in options)
    }
    return targets.pop() if len(targets) == 1 else None


def only_names(form: Form, heard: Heard) -> bool:
    """Whether a message says nothing but the name of a question ("my salary")."""
    rest = _without(heard.text, _names(form).find(heard.text))
    return not any(word.content for word in tokens(rest))


def _names(form: Form) -> NameTable:
    pairs = [(word, question.id) for question in form.questions() for words in (*question.names.values(), question.label.values()) for word in words]
    return _table(tuple(pairs))


def content_words(heard: Heard) -> int:
    """How many words of a message say something beside the values recognised in it."""
    spans = [(int(one.get("start") or 0), int(one.get("end") or 0)) for one in heard.entities if one["entity"] not in ("subject", "choice")]
    words = [word for word in tokens(heard.text) if word.content and bare(word.text)]
    return sum(not any(start <= word.start and word.end <= end for start, end in spans) for word in words)


def asks(text: str) -> bool:
    """Whether a text, or a part of it, has the words of a question."""
    return any(has_question(part) for part in (text, *parts(text)))


def is_question(heard: Heard) -> bool:
    """Whether a message asks something rather than answers. A mark alone is no question when there is little beside the value ("N1?")."""
    text = _UNSURE_NUMBER.sub("", normalised(heard.text))
    if has_question(text):
        return True
    return text.endswith(("?", "？")) and content_words(heard) > 1
