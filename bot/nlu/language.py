"""Which language a message is in: by script, by words, and by a statistical second opinion for other languages in Latin letters."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Optional

from knowledge.analysis import LOANS, has_japanese, is_romaji, normalised
from knowledge.documents import read_document
from knowledge.languages import languages

_TABLE = Path(__file__).with_name("other_languages.yaml")
_KANA = re.compile(r"[ぁ-ゖァ-ヺｦ-ﾟ]")
_WORD = re.compile(r"[^\W\d_]+")
_ADDRESS = re.compile(r"(?:https?://|www\.)[!-~]+|\b(?:[a-z0-9-]+\.)+(?:jp|com|org|net)\b(?:/[!-~]*)?")
# Written alike in every language, so they say nothing about it.
_SHARED = frozenset("ok okay visa visas pr coe ssw hsp jlpt n1 n2 n3 n4 n5 bjt isa jetro fresc line jp japan id web url http https www com".split())
# English words that short questions are made of; spaCy's lemma table knows inflected forms only, so base forms stand here.
_ENGLISH = frozenset(
    "the is are am my your can could how what when where why who which i a an do does did have has for of on in it if and or not "
    "with to me we you be was were will would should need want help please work job company boss change extend renew apply "
    "application pay fee cost time long card lost passport family wife husband child baby student school tax salary month year "
    "week day yes no thanks thank hello hi hey bye sorry good morning evening english japanese person human talk speak money scam "
    "broker fair event permanent residence resident status stay period immigration office form paper document photo name address "
    "move quit leave new old about after before during while until without from by at this that there their they he she his her "
    "our us all any some more than only also still just now".split()
)
# Those of them that hold a sentence together. A name or a loan in a Japanese sentence has none ("green card って何", Working Holidayで来た). The last
# ones say what stands somewhere, in whatever language that is.
_GRAMMAR = frozenset(
    "the is are am my your can could how what when where why who which i an do does did have has for of on in it if and or not with me we you be "
    "was were will would should must need want please until without from by at this that there their they he she his her our us got "
    "say says said mean means write writes wrote written".split()
)
_QUOTED = re.compile(r"「[^」]*」|『[^』]*』|“[^”]*”|\"[^\"]*\"")
# Particles of a romaji sentence that are no English words too, as "no", "to", "made" are; and how its last word ends, which a term that English
# speakers use for want of another ("lost my zairyu") does not.
_PARTICLES = frozenset("ga wa wo ni mo".split())
_PREDICATE = re.compile(r"(?:ta|tai|nai|masu|masen|ru|te|au|ou|ii|desu|ka)\Z")
LINGUA_SURE = 0.75
SHORTEST = 4  # letters of a message that one marking word decides: "hola", and not "EU" or "Dan"


@dataclass(frozen=True)
class Identified:
    """The language of a message: a code, or None when the message has none of its own ("OK", "N2?", numbers). `romaji`: Japanese in Latin letters;
    `typed`: where there is no code, the language whose punctuation it is typed with (……, ？)."""

    code: Optional[str]
    romaji: bool = False
    typed: Optional[str] = None


def identify(text: str) -> Identified:
    """The language of one message, alone. Web addresses in it are in no language."""
    found = _identify(_ADDRESS.sub(" ", normalised(text)))
    return found if found.code else replace(found, typed=_typed(text))


def _typed(text: str) -> Optional[str]:
    return next((code for code, pattern in _others().punctuation.items() if pattern.search(text)), None)


def _identify(plain: str) -> Identified:
    others = _others()
    if _KANA.search(plain):
        return Identified("en" if _english_around(plain) else "ja")
    for code, pattern in others.scripts.items():
        if len(pattern.findall(plain)) >= 2:
            return Identified(code)
    if has_japanese(plain):
        return _kanji_only(plain, others)
    words = _WORD.findall(plain)
    telling = [word for word in words if word not in _SHARED and len(word) > 1]
    if not telling:
        return Identified(None)
    if (is_romaji(plain) and not _mostly_english(words)) or _ends_in_romaji(words):
        return Identified("ja", romaji=True)
    foreign = _latin_other(plain, telling, others)
    if foreign:
        return Identified(foreign)
    return Identified("en" if any(word in _ENGLISH for word in words) or len(telling) >= 2 or _known_english(telling[0]) else None)


def _english_around(plain: str) -> bool:
    """Whether Japanese only stands in an English sentence: as a term ("my 在留カード expired"), with no hiragana to bind the words, or as a quotation
    in what English grammar holds together ("the letter says 出頭してください, what now")."""
    around = _QUOTED.sub(" ", plain)
    words = re.findall(r"[a-z']+", around)
    english = sum(1 for word in words if word in _ENGLISH or _known_english(word))
    binding = sum(1 for word in words if word in _GRAMMAR)
    if english < 2:
        return False
    hiragana = len(re.findall(r"[ぁ-ゖ]", around))
    return not hiragana or (binding >= 1 and hiragana <= english) or (binding >= 2 and english >= 3)


def _mostly_english(words: list[str]) -> bool:
    """Whether half the words are English ("tokutei katsudou finished, still no job"). Short ones are particles as well ("no", "to"), and loan
    words Japanese as well ("visa kireta")."""
    own = [word for word in words if word not in LOANS]
    return 2 * sum(1 for word in own if len(word) > 2 and (word in _ENGLISH or _known_english(word))) >= len(own)


def _ends_in_romaji(words: list[str]) -> bool:
    """Whether English nouns stand in a romaji sentence: nothing of English grammar, and a Japanese predicate at the end ("overtime ga moraenai")."""
    last = words[-1]
    if len(last) < 4 or not _PREDICATE.search(last) or _known_english(last) or any(word in _GRAMMAR for word in words):
        return False
    return is_romaji(last) or any(word in _PARTICLES for word in words)


def _kanji_only(plain: str, others: _Others) -> Identified:
    if _english_around(plain):
        return Identified("en")
    chinese = others.letters.get("zh")
    return Identified("zh" if chinese and chinese.search(plain) else "ja")


def _latin_other(plain: str, words: list[str], others: _Others) -> Optional[str]:
    english = sum(1 for word in words if word in _ENGLISH or _known_english(word))
    for code, pattern in others.letters.items():
        if pattern.search(plain) and english <= len(words) / 2:
            return code
    marked = {code: sum(1 for word in words if word in markers) for code, markers in others.words.items()}
    sole = [code for code, count in marked.items() if count == len(words)]
    if len(sole) == 1 and not english and sum(map(len, words)) >= SHORTEST:
        return sole[0]
    best = max(marked, key=lambda code: marked[code]) if marked else ""
    if not best or (english > len(words) / 2 - 0.5 and marked[best] < 3):
        return None
    if marked[best] >= 2 and marked[best] >= english:
        return best
    if english == 0 and len(words) >= 3:
        guess, share = _second_opinion(plain)
        if share >= LINGUA_SURE and marked.get(guess):
            return guess
    return None


@dataclass(frozen=True)
class _Others:
    scripts: dict[str, re.Pattern[str]]
    letters: dict[str, re.Pattern[str]]
    words: dict[str, frozenset[str]]
    lingua: dict[str, str]
    punctuation: dict[str, re.Pattern[str]]


@lru_cache(maxsize=1)
def _others() -> _Others:
    rows: list[dict[str, Any]] = read_document(_TABLE).data
    return _Others(
        {row["code"]: re.compile("[" + "".join(row["scripts"]) + "]") for row in rows if "scripts" in row},
        {row["code"]: re.compile("|".join(["[" + re.escape(row["letters"]) + "]", *row.get("phrases", [])])) for row in rows if "letters" in row},
        {row["code"]: frozenset(str(word) for word in row["words"]) for row in rows if "words" in row},
        {row["lingua"]: row["code"] for row in rows if "lingua" in row},
        {row["code"]: re.compile(row["punctuation"]) for row in rows if "punctuation" in row},
    )


def _second_opinion(plain: str) -> tuple[str, float]:
    best = _detector().compute_language_confidence_values(plain)[0]
    return _others().lingua.get(best.language.name, "en"), best.value


@lru_cache(maxsize=1)
def _detector() -> Any:
    from lingua import Language, LanguageDetectorBuilder

    others = _others()
    latin = [Language.from_str(name) for name, code in others.lingua.items() if code in others.words]
    # Low-accuracy mode: 15 MB instead of 150; the lists of words decide first, and short texts are kept from it.
    return LanguageDetectorBuilder.from_languages(Language.ENGLISH, *latin).with_low_accuracy_mode().build()


@lru_cache(maxsize=4096)
def _known_english(word: str) -> bool:
    forms, lemmas = _english_words()
    return word in forms or word in lemmas


@lru_cache(maxsize=1)
def _english_words() -> tuple[Any, frozenset[str]]:
    from spacy.lookups import load_lookups

    forms = load_lookups("en", ["lemma_lookup"]).get_table("lemma_lookup")
    return forms, frozenset(str(lemma).lower() for lemma in forms.values())


# --- asking for a language -----------------------------------------------------------------------------------------

# Words that a request for a language is made of besides its name. Anything more
# ("my contract is in english", 英語で働けますか) is about something else.
_REQUEST_WORDS = re.compile(
    r"\b(?:please|pls|plz|can|could|would|do|will|you|we|i|me|to|in|into|speak|talk|chat|use|using|switch|change|write|reply|answer|respond|language|the|want"
    r"|like|prefer|only|ok|okay|back|now|"
    r"de|ni|onegai|onegaishimasu|shite|kudasai|hanashite|kotaete|it|understand|explain|again|continue|instead|from|on|here|hello|hi|hey|sorry|go|have|let|let's|better|prefer)\b"
    r"|お願いします|おねがいします|お願い|おねがい|願い|話して|話せますか|話せる|答えて|返事|書いて|説明して|切り替えて|きりかえて|変えて|かえて|変更して|して|"
    r"ください|下さい|くれますか|"
    r"もらえ(?:ます|ません|る|ない)|くれ(?:ます|ません|る|ない)?|戻して|もどして|戻し|戻す|頼みます|たのみます|頼む|たのむ|なら|のほう|の方|しゃべって|喋って|しゃべれ(?:ます|る)|希望|だと|助かります|"
    r"こんにちは|こんにちわ|すみません|ごめん(?:なさい)?|やっぱり|やはり|続けて|続け|続き|てもいい|"
    r"いい|です|ます|か|ほしい|欲しい|対応|できますか|大丈夫|から|今|もう一度|だけ|言って"
    r"|で|に|を|が|は|も|の"
)


# 英語のは？, "what about english ones": of several things, those in that language.
_SOME_OF_IT = re.compile(r"の(?:は|も|が|を)?[?？\s]*$|\bones?\b")
# 英語でもいい？, "is english ok?": whether one may, which is no wish that it be so. 英語でいいです is one.
_WHETHER_ONE_MAY = re.compile(
    r"(?:いい|よい|良い|よろしい|大丈夫|だいじょうぶ|平気|ok|オッケー|(?:かま|構)わない)\s*(?:(?:です|でしょう)か(?:ね|な)?|か(?:な)?[?]|[?])\W*$"
    r"|^\W*is \w+ (?:ok|okay|fine|possible|all right)\b"
)


def asked_language(text: str) -> Optional[str]:
    """The language that a short message asks to be answered in ("English please", 日本語でお願いします), or None."""
    plain = normalised(text)
    if _SOME_OF_IT.search(plain) or _WHETHER_ONE_MAY.search(plain):
        return None
    for code, language in languages().items():
        name = re.compile("|".join(rf"\b{re.escape(one)}\b" if one.isascii() else re.escape(one) for one in language.names))
        if name.search(plain) and not re.search(r"\w", _REQUEST_WORDS.sub("", name.sub("", plain))):
            return code
    return None
