"""Which language a message is in, and which one is asked for."""

from __future__ import annotations

from typing import Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.language import asked_language, identify
from knowledge.languages import languages, reply_language
from tests.tiny import ODD_MESSAGES, ascii_start

ENGLISH = [
    "How do I renew my visa?",
    "documents",
    "fee?",
    "hello",
    "hi",
    "thanks",
    "I am from Vietnam and want to work",
    "My name is João",
    "café work visa",
    "résumé in Japanese?",
    "can Müller GmbH hire me?",
    "i lost card yesterday what do",
    "hw long does it tak",
    "cn i wrk part time",
    "HOW MUCH IS IT",
    "ｈｏｗ ｍｕｃｈ ｉｓ ｉｔ",
    # with Japanese terms in them
    "my 在留カード expired last week",
    "lost my パスポート",
    "my company 倒産 what should I do",
    "what is gijinkoku",
    "gijinkoku to ssw",
    "is 永住 hard to get?",
]
JAPANESE = [
    "在留カードをなくしました",
    "ざいりゅうかーどをなくしました",
    "ｻﾞｲﾘｭｳｶｰﾄﾞ",
    "ビザ",
    "COEは何ですか",
    "会社がbankruptしました",
    "visaの更新",
    "永住",
    "在留資格変更",
    "時間外",
    # kanji alone
    "国民年金",
    "会社設立",
    "外国人雇用",
    "永住許可申請 必要書類",
    "永住許可申請",
    "在留資格変更許可申請書",
    "個人事業主",
    "国籍",
    "写真",
    "給与",
    "手数料",
    "日本で働きたい",
    # in Latin letters
    "zairyuu kaado o nakushimashita",
    "tokutei ginou no shiken wa itsu desu ka",
    "konnichiwa",
    "sumimasen",
    "shigoto o yametai",
    "biza",
    "eijuu",
    "ohayou gozaimasu",
    "arigatou gozaimasu",
    "https://www.moj.go.jp/isa/ これは何",
]
NONE = [
    "OK",
    "N2?",
    "PR",
    "visa",
    "COE",
    "123",
    "090-1234-5678",
    "🙂",
    "?",
    "",
    "N2 okay?",
    "SSW",
    "\x00",
    "Ｎ２",
    "https://www.moj.go.jp/isa/",
    "www.moj.go.jp",
    "EU",
]
OTHER = {
    "vi": ["Tôi muốn gia hạn visa", "toi muon gia han visa", "Làm sao để xin việc ở Nhật?", "xin chào", "xin chao"],
    "zh": ["我想续签签证", "請問怎麼換簽證", "我的签证", "你们好吗", "谢谢", "工作签证", "你好", "您好", "我要永住", "謝謝"],
    "ko": ["비자를 연장하고 싶어요", "안녕하세요", "비자 OK?"],
    "pt": ["Quero renovar meu visto", "como posso renovar o visto?", "Preciso de ajuda", "obrigado"],
    "es": ["Quiero renovar mi visado", "¿Cómo puedo trabajar en Japón?", "necesito ayuda", "hola"],
    "ne": ["म भिसा नवीकरण गर्न चाहन्छु"],
    "id": ["Saya mau perpanjang visa", "Bagaimana cara memperpanjang visa?", "terima kasih"],
    "tl": ["Paano mag-renew ng visa?", "Gusto ko pong magtrabaho sa Japan", "kailangan ko ng tulong", "salamat"],
    "th": ["ฉันต้องการต่อวีซ่า", "สวัสดี"],
    "my": ["ဗီဇာ သက်တမ်းတိုးချင်ပါတယ်"],
    "km": ["ខ្ញុំចង់បន្តទិដ្ឋាការ"],
    "si": ["වීසා දීර්ඝ කිරීම"],
    "bn": ["ভিসা নবায়ন"],
    "ru": ["Как продлить визу?"],
    "ar": ["كيف أجدد تأشيرتي؟"],
    "fr": ["Je voudrais renouveler mon visa"],
}
TABLE: list[tuple[str, Optional[str]]] = [
    *((text, "en") for text in ENGLISH),
    *((text, "ja") for text in JAPANESE),
    *((text, None) for text in NONE),
    *((text, code) for code, texts in OTHER.items() for text in texts),
]


@pytest.mark.parametrize(("text", "code"), TABLE)
def test_identify(text: str, code: str | None) -> None:
    assert identify(text).code == code


@pytest.mark.parametrize(
    ("text", "romaji"), [("zairyuu kaado o nakushimashita", True), ("在留カードをなくしました", False), ("I lost my card", False)]
)
def test_romaji_is_marked(text: str, romaji: bool) -> None:
    assert identify(text).romaji is romaji


@pytest.mark.parametrize("text", ODD_MESSAGES, ids=ascii_start)
def test_odd_messages_cause_no_error(text: str) -> None:
    assert identify(text).code is None or identify(text).code
    assert asked_language(text) is None


@given(st.text(max_size=50))
def test_no_text_causes_an_error(text: str) -> None:
    assert identify(text) == identify(text)
    assert asked_language(text) in {None, *languages()}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("English please", "en"),
        ("in English", "en"),
        ("ENGLISH", "en"),
        ("ｅｎｇｌｉｓｈ please", "en"),
        ("switch to english", "en"),
        ("could you reply in english", "en"),
        ("英語でお願いします", "en"),
        ("英語にして", "en"),
        ("えいごで", "en"),
        ("eigo de onegaishimasu", "en"),
        ("英語", "en"),
        ("日本語で", "ja"),
        ("日本語でお願いします", "ja"),
        ("日本語に切り替えて", "ja"),
        ("日本語", "ja"),
        ("please answer in Japanese", "ja"),
        ("Can you speak Japanese?", "ja"),
        ("にほんごで", "ja"),
        ("nihongo de onegaishimasu", "ja"),
        ("Japanese", "ja"),
        # a language is named, but not asked for
        ("Do I need Japanese for this job?", None),
        ("English teacher visa", None),
        ("can i work without Japanese", None),
        ("日本語の試験", None),
        ("英語の求人", None),
        ("日本語学校", None),
        ("日本語ができません", None),
        ("can I apply in English?", None),
        ("英語で申請できますか", None),
        ("I teach in English", None),
        ("職場は英語ですか", None),
        ("日本語で面接がありますか", None),
        ("is the interview in Japanese?", None),
        ("英語で話せる窓口はありますか", None),
        ("Are there lawyers who speak English?", None),
        ("can immigration staff speak english", None),
        ("is there a form in English?", None),
        ("My wife speaks English at home and Japanese in the office every day", None),
        ("hello", None),
        ("", None),
        ("英語のは？", None),
        ("英語でもいい？", None),  # asks whether it may be
        ("日本語でも大丈夫ですか", None),
        ("is english fine", None),
        ("英語でいいです", "en"),
        ("英語にかえて", "en"),
        ("the english ones", None),
        ("英語で話してもらえますか", "en"),
        ("日本語に戻して", "ja"),
        ("英語のほうがいい", "en"),
        ("日本語の会話を勉強したい", None),
    ],
)
def test_asked_language(text: str, code: str | None) -> None:
    assert asked_language(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("tokutei katsudou for job hunting is finished, still no offer", "en"),
        ("kazoku taizai arubaito kyoka need?", "ja"),
        ("part time no shigoto", "ja"),
        ("visa no koushin wa itsu", "ja"),
        ("contract ga chigau", "ja"),
        ("my zairyu is lost", "en"),
        ("lost zairyu", "en"),
        ("green cardって何", "ja"),
        ("part time job したい", "ja"),
        ("the notice says 来てください, what now", "en"),
        ("please read this to me: お世話になっております", "en"),
        ("「what is my status」と聞かれた", "ja"),
    ],
)
def test_a_few_words_of_the_other_language_do_not_decide(text: str, code: str) -> None:
    assert identify(text).code == code


@pytest.mark.parametrize(("text", "code"), [("……", "ja"), ("？", "ja"), ("...", None), ("?", None), ("Ｎ２", None)])
def test_the_punctuation_of_a_message_without_words_tells_how_it_was_typed(text: str, code: str | None) -> None:
    found = identify(text)
    assert (found.code, found.typed) == (None, code)


def test_what_was_said_and_chosen_before_counts_more_than_punctuation() -> None:
    typed = {"language": {"code": None, "asked": None, "typed": "ja"}}
    assert reply_language(typed, {}) == "ja"
    assert reply_language(typed, {}, [{"language": {"code": "en"}}]) == "en"
    assert reply_language({**typed, "metadata": {"language": "en-GB"}}, {}) == "en"
