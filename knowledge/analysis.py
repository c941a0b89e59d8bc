"""Words of a text: one tokenisation for both scripts, with lemmas and readings, and offsets into the text as it was typed.

Japanese stretches go through fugashi (MeCab with UniDic), the rest through spaCy's English tokeniser and lemma tables. The text is first
brought to NFKC (half-width katakana, full-width digits and letters), and every token still points at the characters the person typed.
"""

from __future__ import annotations

import re
import sys
import threading
import unicodedata
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Iterator

import jaconv

JAPANESE = r"぀-ヿ㐀-鿿\uf900-\ufaff々〆〇ーｦ-ﾟ"
_JAPANESE_RUN = re.compile(rf"[0-9]*[{JAPANESE}](?:[{JAPANESE}0-9]*)")
_CONTROL = re.compile(r"[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_LATIN_WORD = re.compile(r"[A-Za-z]")
MAX_TEXT = 2_000  # characters that are analysed; what a person can want fits into far fewer

# Parts of speech of UniDic that carry no meaning for a search.
_EMPTY_POS = frozenset({"助詞", "助動詞", "補助記号", "記号", "空白", "接続詞", "感動詞"})
# Japanese words so common in questions that they say nothing about what is asked.
_EMPTY_JA = frozenset(
    "する ある いる なる できる ます です こと もの の れる られる せる てる ん よい いい 教える 知る 聞く 思う 言う 下さる "
    "くださる ください 場合 とき 時 何 どう どの それ これ あの この その 方 御 お ご 為る 居る 有る 成る 出来る 願う いただく "
    "頂く 欲しい ほしい つく 私 僕 自分 さん".split()
)
_EMPTY_EN = frozenset(
    "a an the of to in on at for by with from and or but if then is be am are was were been being do does did have has had i me my "
    "we us our you your he she it they them his her its their this that these those there here so just please tell know want would "
    "could should can may will shall might about as also any some what which who how when where why s t re ve ll d m not no yes hi "
    "hello thanks thank ok okay ca".split()
)


@dataclass(frozen=True)
class Token:
    """One word: its NFKC text, where it stands in the typed text (start, end), lemma, reading (katakana; '' outside Japanese).

    `entry` is the lemma in the one spelling that the dictionary has for all of them (こども, 子ども and 子供; なくす and 失くす). To compare
    all texts by it was tried on knowledge/calibration and found fewer answers (first hit .851 instead of .862), so that only romaji is.
    """

    text: str
    start: int
    end: int
    lemma: str
    reading: str = ""
    japanese: bool = False
    content: bool = True
    entry: str = ""


@dataclass(frozen=True)
class Folded:
    """A text in NFKC, and for every character of it where it stood in the text as typed."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The place in the typed text of the characters [start, end) of the folded one."""
        if start >= end:
            place = self.starts[start] if start < len(self.starts) else (self.ends[-1] if self.ends else 0)
            return place, place
        return self.starts[start], self.ends[end - 1]


def fold(text: str) -> Folded:
    """NFKC with a map back to the typed text. A base character and its combining or half-width voicing mark are folded together."""
    if unicodedata.is_normalized("NFKC", text) and not _CONTROL.search(text):
        return Folded(text, tuple(range(len(text))), tuple(range(1, len(text) + 1)))
    characters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    index, length = 0, len(text)
    while index < length:
        end = index + 1
        while end < length and (unicodedata.combining(text[end]) or text[end] in "ﾞﾟ"):
            end += 1
        for character in unicodedata.normalize("NFKC", text[index:end]):
            characters.append(" " if _CONTROL.match(character) else character)
            starts.append(index)
            ends.append(end)
        index = end
    return Folded("".join(characters), tuple(starts), tuple(ends))


def normalised(text: str) -> str:
    """The text in NFKC, without control characters, in lower case, white space folded: the form in which texts are compared."""
    folded = unicodedata.normalize("NFKC", text)
    return re.sub(r"\s+", " ", _CONTROL.sub(" ", folded)).strip().lower()


def tokens(text: str) -> list[Token]:
    """The words of a text in any mix of Japanese and Latin script. Offsets refer to `text` as given. Empty text has no words."""
    return list(_tokens(text[:MAX_TEXT]))


@lru_cache(maxsize=512)  # in a turn, a dozen parts of the understanding and of the answer read the same message
def _tokens(text: str) -> tuple[Token, ...]:
    folded = fold(text)
    result: list[Token] = []
    place = 0
    for run in _JAPANESE_RUN.finditer(folded.text):
        result.extend(_latin(folded, place, run.start()))
        result.extend(_japanese(folded, run.start(), run.end()))
        place = run.end()
    result.extend(_latin(folded, place, len(folded.text)))
    return tuple(result)


def has_japanese(text: str) -> bool:
    """Whether the text has kana or kanji in it."""
    return re.search(rf"[{JAPANESE}]", text) is not None


def _japanese(folded: Folded, start: int, end: int) -> Iterator[Token]:
    place = start
    for word in _tagger()(folded.text[start:end]):
        place = folded.text.index(word.surface, place)
        first, last = folded.span(place, place + len(word.surface))
        place += len(word.surface)
        feature = word.feature
        # orthBase is the dictionary form as written; UniDic's `lemma` would turn ビザ into ビザ-visa and 東京 into トウキョウ.
        lemma = (feature.orthBase or word.surface).lower()
        kana = feature.kana or (jaconv.hira2kata(word.surface) if _is_kana(word.surface) else "")
        content = feature.pos1 not in _EMPTY_POS and lemma not in _EMPTY_JA
        yield Token(word.surface, first, last, lemma, kana if kana != "*" else "", True, content, _entry(feature) or lemma)


def _entry(feature: Any) -> str:
    """The entry of the dictionary, '' for loan words (ビザ-visa) and proper nouns (トウキョウ), which are better known as written."""
    lemma = str(feature.lemma or "")
    return "" if "-" in lemma or feature.pos2 == "固有名詞" else lemma.lower()


def _latin(folded: Folded, start: int, end: int) -> Iterator[Token]:
    piece = folded.text[start:end]
    if not piece.strip():
        return
    for word in _english()(piece):
        if word.is_space:
            continue
        first, last = folded.span(start + word.idx, start + word.idx + len(word.text))
        lemma = (word.lemma_ or word.text).lower()
        spoken = _LATIN_WORD.search(word.text) or word.text[0].isdigit() or not word.text.isascii()
        yield Token(word.text, first, last, lemma, "", False, bool(spoken) and lemma not in _EMPTY_EN and word.lower_ not in _EMPTY_EN, lemma)


def _is_kana(text: str) -> bool:
    return re.fullmatch(r"[ぁ-ゖァ-ヺー]+", text) is not None


@contextmanager
def _without(package: str) -> Iterator[None]:
    """Makes a package look as if it were not installed, if it is not in use already.

    spaCy imports TensorFlow where it finds it, for models that are not used here: 340 MB more in every process.
    """
    hidden = package not in sys.modules
    if hidden:
        sys.modules[package] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if hidden:
            del sys.modules[package]


_own = threading.local()


def _tagger() -> Any:
    # One for each thread: MeCab keeps the words of the last text inside its tagger. The dictionary itself is mapped into memory once.
    if not hasattr(_own, "tagger"):
        import fugashi

        _own.tagger = fugashi.Tagger()
    return _own.tagger


@lru_cache(maxsize=1)
def _english() -> Any:
    with _without("tensorflow"):
        import spacy

    english = spacy.blank("en")
    english.add_pipe("lemmatizer", config={"mode": "lookup"})
    english.initialize()
    return english


# --- romaji --------------------------------------------------------------------------------------------------------

# A word in Hepburn or Kunrei romaji: syllables only. Long vowels may be doubled, written with h or a macron.
_SYLLABLE = (
    r"(?:kk|ss|tt|pp|cc|tch|gg|jj|bb|dd|zz)?(?:ky|sh|sy|ch|ty|ny|hy|my|ry|gy|j|jy|zy|by|py|ts|[kstnhmyrwgzdbpfjv])?[aiueoāīūēō]"
    r"|n(?![aiueoy])|tt(?=[aiueo])"
)
_ROMAJI_WORD = re.compile(rf"(?:{_SYLLABLE})+\Z", re.IGNORECASE)
_MACRONS = str.maketrans({"ā": "aa", "ī": "ii", "ū": "uu", "ē": "ee", "ō": "ou"})
# Words that mark a romaji sentence. English words that look like one (made, no, to, go) are not among the strong ones.
_STRONG_ROMAJI = frozenset(
    "desu desuka masu masuka masen mashita shita shite kara nani itsu doko dou douyatte ikura hitsuyou tetsuzuki shitai kudasai "
    "arimasu arimasuka imasu dekimasu dekimasuka dekiru suru naku nakushimashita nakushita onegai onegaishimasu oshiete watashi "
    "watashitachi kaisha shigoto zairyuu zairyu kikan koushin koshin shinsei biza hoken nenkin zeikin tenshoku kekkon rikon kodomo "
    "kazoku nihon nihongo shikaku eijuu eiju kaado gaikokujin ryuugaku ryugaku arubaito baito kyuuryou yameta yamemashita yametai "
    "sumimasen konnichiwa arigatou naitei mensetsu setsumeikai soudan tokutei ginou ginoujisshuu shikakugai katsudou todokede "
    "ohayou ohayo gozaimasu gozaimashita arigato konbanwa oyasumi oyasuminasai yoroshiku "
    "tsuma otto koyou shain kyuuyo zangyou shouhisha sagi muryou tetsuzuki hiyou ikutsu donna dore dochira nandesuka "
    "kyou ashita asatte kinou raishuu raigetsu kongetsu rainen kyonen sugu itsumade naze doushite nande dareka hito tasukete "
    "tenki hima kanojo kareshi gakkou daigaku sensei tomodachi okane shachou tenchou joushi yachin shiyakusho kuyakusho nyuukan "
    "nyukan shorui denwa bangou juusho jusho hikkoshi byouin byouki byoki ninshin shussan akachan komatta komatteru daijoubu "
    "hontou honto nansai nannen nankagetsu kubi kaiko taishoku keiyaku keiyakusho hoshounin musuko musume ryoushin nihonjin kaigai "
    "kuni kikoku sainyuukoku enchou henkou kyoka fukyoka kekka ryokou kippu eigo".split()
)
_WEAK_ROMAJI = frozenset("wa ga wo o ni de mo no ne yo ka to made hai iie da ya kana tte dake kedo node nado wo mada moo mou".split())
_ENGLISH_ONLY = frozenset("the is are my can how what when where i a an do does have has for of on in it if and or not with want from".split())
_NO_PIECES = _ENGLISH_ONLY - set("a i an do on in are".split())  # those that are no piece of a Japanese word, either
# Endings of Japanese verbs that no English word has, and some that a name may have ("Anita").
_VERB = re.compile(
    r"(?:shi(?:ta|te|tara|tai)|masu|mashou|masen|tai|nai|nakute|tara|dara|teru|reru|suru|kudasai|hoshii|nakya)(?:ka|no|desu|kana|yo)?\Z"
)
_MAYBE_VERB = re.compile(r"(?:[ei]ta|tta|nda|tte|nde)\Z")
# English words that Japanese has too, so that they speak for neither, and their katakana.
LOANS = {
    **{"visa": "ビザ", "card": "カード", "passport": "パスポート", "bonus": "ボーナス", "part": "パート", "online": "オンライン"},
    **{"test": "テスト", "app": "アプリ", "staff": "スタッフ", "stop": "ストップ", "hotel": "ホテル", "office": "オフィス", "address": "アドレス"},
}


def is_romaji(text: str) -> bool:
    """Whether the text is Japanese in Latin letters ("zairyuu kaado o naku shimashita", "visa kireta").

    Nearly every word must be made of Japanese syllables, at least one must mark Japanese, and English function words must be rare.
    """
    words = [word for word in re.findall(r"[a-zāīūēō']+", text.lower()) if word not in LOANS]
    if not words or has_japanese(text):
        return False
    syllables = [word for word in words if _ROMAJI_WORD.match(word.replace("'", ""))]
    strong = sum(1 for word in words if word in _STRONG_ROMAJI) + sum(
        1 for word in syllables if word not in _STRONG_ROMAJI and len(word) > 4 and _VERB.search(word)
    )
    weak = sum(1 for word in words if word in _WEAK_ROMAJI) + sum(1 for word in syllables if len(word) > 4 and _MAYBE_VERB.search(word))
    english = sum(1 for word in words if word in _ENGLISH_ONLY)
    if english > strong + weak / 2 or len(_NO_PIECES.intersection(words)) >= 2:
        return False
    if not strong:
        return len(syllables) == len(words) > 1 and any(_MAYBE_VERB.search(word) and len(word) > 4 for word in words) and weak > 1
    # Two such words may also be a term in an English sentence ("6 months pregnant on tokutei ginou"): a third of it must sound Japanese.
    mixed = strong >= 2 and 3 * sum(1 for word in syllables if word not in _ENGLISH_ONLY) > len(words)
    return len(words) == 1 or (len(syllables) / len(words) >= 0.7 and strong + weak >= 2) or len(syllables) == len(words) or mixed


def in_kana(text: str) -> str:
    """Romaji as Japanese people would rather write it: words of Japanese syllables in hiragana, loan words in katakana, all else as it is."""
    return re.sub(r"(?<!\w)[A-Za-zĀĪŪĒŌāīūēō']+(?!\w)", lambda match: _kana(match.group()), text)


def _kana(word: str) -> str:
    plain = word.lower().translate(_MACRONS)
    if plain in LOANS:
        return LOANS[plain]
    return str(jaconv.alphabet2kana(_PARTICLES.get(plain, plain))) if _is_syllabic(plain) else word


_PARTICLES = {"o": "wo", "wa": "ha", "e": "he"}


def sound(words: list[Token]) -> str:
    """How the words sound, in Latin letters with long vowels cut short, words apart: "zairyu kado wo nakushi mashita".

    The same for 在留カード, ざいりゅうかーど, zairyuu kaado and zairyu kado, so that spellings meet. A vowel is long across words too, because
    kana are often cut in the middle of it (とく|て|い).
    """
    romaji = is_romaji(" ".join(word.text for word in words if not word.japanese))
    parts: list[str] = []
    run: list[str] = []
    for word in words:
        syllabic = word.japanese or _is_syllabic(word.text)
        if syllabic and (word.japanese or romaji):
            run.append(spoken(word))
            continue
        parts += [short_vowels(" ".join(run)), short_vowels(spoken(word)) if syllabic else spoken(word)]
        run = []
    return " ".join(" ".join([*parts, short_vowels(" ".join(run))]).split())


def spoken(word: Token) -> str:
    """How one word sounds, in Latin letters, long vowels as they are; '' for what is not spoken. See `short_vowels`."""
    return _kana_sound(word.reading) if word.japanese else _latin_sound(word.text.lower())


@lru_cache(maxsize=20_000)
def short_vowels(text: str) -> str:
    """A sound with its long vowels cut short. Spaces between words stay, and do not keep a vowel from being long."""
    text = re.sub(r" +", " ", text.replace("-", "").replace("ー", ""))
    text = re.sub(r"([aiueo])(?: ?\1)+", _short, text)
    return re.sub(r"(o) ?u|(e) ?i", _short, text)


def _short(match: re.Match[str]) -> str:
    return match.group()[0] + (" " if " " in match.group() else "")


@lru_cache(maxsize=20_000)
def _kana_sound(reading: str) -> str:
    return str(jaconv.kata2alphabet(reading)) if reading else ""


@lru_cache(maxsize=20_000)
def _latin_sound(text: str) -> str:
    text = text.translate(_MACRONS)
    text = _PARTICLES.get(text, text)
    if not re.match(r"[a-z0-9]", text):
        return ""
    if _is_syllabic(text):
        # By way of kana, so that Kunrei (si, tu, zya) and Hepburn (shi, tsu, ja) become one.
        return str(jaconv.kata2alphabet(jaconv.alphabet2kata(text)))
    return text


def _is_syllabic(text: str) -> bool:
    return _ROMAJI_WORD.match(text.translate(_MACRONS)) is not None
