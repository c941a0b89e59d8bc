"""Every fault an editor can make is named, with the file and the line where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.content_reader import inspect, read_library, unfolded
from knowledge.documents import ContentError
from knowledge.languages import languages
from tests import tiny

LONG = "Very long. " * 200


def fault_lines(folder: Path, name: str) -> dict[int, str]:
    """The faults of one file: line → message. Asserts that no other file is blamed."""
    _, faults = inspect(folder)
    assert {fault.path for fault in faults} <= {folder / name}, [str(fault) for fault in faults]
    return {fault.line: fault.message for fault in faults}


# what is wrong; file; a piece of it; what stands there instead (the line of the first ⚑ is the one to be named); a word of the message
FAULTS = [
    ("bad YAML", tiny.CARD, "kind: procedure", "kind: a: b⚑", "YAML"),
    ("doubled key", tiny.CARD, "kind: procedure\n", "kind: procedure\n⚑kind: procedure\n", "twice"),
    ("no such field", tiny.CARD, "- id: lost\n", "- id: lost⚑\n  colour: red\n", "colour"),
    ("no answer", tiny.CARD, "    ja: はい、16歳以上の方はいつも持っていてください。\n", "", "(ja) is missing"),
    ("no question", tiny.CARD, "{en: I lost my residence card, ja: 在留カードをなくしました}", "{en: I lost my residence card}⚑", "(ja) is missing"),
    ("no question variants", tiny.CARD, "    en: [card gone after a night out, someone took my card]\n", "", "(en) is missing"),
    ("no title", tiny.CARD, "title: {en: Residence card, ja: 在留カード}", "title: {ja: 在留カード}⚑", "(en) is missing"),
    ("a language nobody knows", tiny.CARD, "    en: Yes, from the age", "    tlh: Hija'⚑\n    en: Yes, from the age", "languages.yaml"),
    ("variants in a language nobody knows", tiny.CARD, "    en: [card gone", "    tlh: [nuq, nuqDaq]⚑\n    en: [card gone", "languages.yaml"),
    ("unknown aspect", tiny.CARD, "aspect: lost", "aspect: colour⚑", "aspects.yaml"),
    ("unknown fact", tiny.CARD, "within 14 days", "within {deadline.card}⚑ days", "deadline.card"),
    ("not a fact's name", tiny.CARD, "within 14 days", "within {} days⚑", "{}"),
    ("typed yen", tiny.CARD, "within 14 days", "for 1,600 yen⚑", "1,600 yen"),
    ("typed yen in kanji", tiny.CARD, "14日以内に", "３万円で⚑", "３万円"),
    ("typed yen sign", tiny.CARD, "within 14 days", "for ¥1600⚑", "¥1"),
    ("typed million", tiny.CARD, "within 14 days", "with 5 million yen⚑", "5 million yen"),
    ("typed telephone number", tiny.CARD, "Tell the police", "Call 03-5796-7112⚑", "03-5796-7112"),
    ("typed short number", tiny.CARD, "Tell the police", "Call 0570-013904⚑", "0570-"),
    ("unknown source", tiny.CARD, "  source: isa\n  confidence: high\n- id: carrying", "  source: moj⚑\n  confidence: high\n- id: carrying", "moj"),
    ("URL off the list", tiny.CARD, "https://www.moj.go.jp/isa/card.html", "https://visa-helper.example.com/⚑", "domains.yaml"),
    ("URL that only looks official", tiny.CARD, "https://www.moj.go.jp/isa/card.html", "https://www.moj.go.jp.example.com/⚑", "domains.yaml"),
    ("a user in front of the host", tiny.CARD, "https://www.moj.go.jp/isa/card.html", "https://www.moj.go.jp@example.com/⚑", "domains.yaml"),
    ("no such day", tiny.CARD, "checked: 2026-03-10", "checked: 2026-02-30", ""),
    ("doubled unit", tiny.CARD, "- id: carrying", "- id: lost⚑", "twice"),
    ("unknown related", tiny.EXTENSION, "related: [status-dependent]", "related: [status-astronaut]⚑", "status-astronaut"),
    ("unknown next", tiny.EXTENSION, "next: [price, status-dependent#papers]", "next: [price, status-dependent#visa-run]⚑", "visa-run"),
    ("another id than the file", tiny.CARD, "id: procedure-residence-card", "id: procedure-card⚑", "procedure-card"),
    ("wrong folder", tiny.CARD, "kind: procedure", "kind: life⚑", "life/"),
    ("answer too long", tiny.CARD, "    en: Yes, from the age of 16 you always carry it.", f"    en: {LONG}⚑", "limit"),
    ("question too long", tiny.CARD, "ja: 在留カードはいつも持ち歩きますか", f"ja: {'長' * 60}⚑", "limit"),
    ("a figure in what is not verified", tiny.DEPENDENT, "en: Dependents need proof", "en: For {fee.extension}⚑ dependents need proof", "amount"),
    ("overlapping facts", tiny.FACTS, "valid_from: 2025-04-01", "valid_from: 2025-03-01", "same time"),
    ("a fact's URL off the list", tiny.FACTS, "https://www.moj.go.jp/isa/phone.html", "https://phones.example.com/⚑", "domains.yaml"),
    ("a fact in one language", tiny.FACTS, 'value: {en: "0570-013904", ja: "0570-013904"}', 'value: {en: "0570-013904"}⚑', "(ja) is missing"),
    ("more questions for no unit", tiny.MORE, "school-ended:", "flying:⚑", "flying"),
    ("more questions in a language nobody knows", tiny.MORE, "  en: [how many", "  eng: [⚑how many", "languages.yaml"),
    ("more questions in no list", tiny.MORE, "[何時間まで働けるか]", "何時間まで働けるか⚑", ""),
    ("a choice of nothing", tiny.CHOICES, "target: status-student", "target: status-astronaut", "status-astronaut"),
]


@pytest.mark.parametrize(("name", "old", "new", "message"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_a_fault_is_named_with_file_and_line(content: Path, name: str, old: str, new: str, message: str) -> None:
    text = tiny.FILES[name]
    assert old in text
    broken = text.replace(old, new, 1)
    (content / name).write_text(broken.replace("⚑", ""), encoding="utf-8")
    found = fault_lines(content, name)
    assert any(message in one for one in found.values()), found
    if "⚑" in broken:
        line = broken[: broken.index("⚑")].count("\n") + 1
        assert line in found, found
        assert message in found[line]


def test_the_tiny_knowledge_has_no_fault(content: Path) -> None:
    assert inspect(content)[1] == []


def test_all_faults_are_found_at_once(content: Path) -> None:
    for name, old, new in ((tiny.CARD, "aspect: lost", "aspect: colour"), (tiny.STUDENT, "kind: status", "kind: [status")):
        (content / name).write_text(tiny.FILES[name].replace(old, new), encoding="utf-8")
    with pytest.raises(ContentError) as raised:
        read_library(content)
    assert {fault.path.name for fault in raised.value.faults} >= {Path(tiny.CARD).name, Path(tiny.STUDENT).name}


@pytest.mark.parametrize("data", [b"", b"# nothing but a comment\n", "id: 在留".encode("utf-16"), b"\xff\xfe\x00", b"just a word", b"- a\n- list\n"])
def test_a_file_that_is_no_article_is_a_fault_and_no_crash(content: Path, data: bytes) -> None:
    path = content / "articles" / "life" / "life-odd.yaml"
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    _, faults = inspect(content)
    assert [fault for fault in faults if fault.path == path]


def test_a_control_character_is_a_fault_and_no_crash(content: Path) -> None:
    text = tiny.FILES[tiny.CARD].replace("from the age", "from\x01the age")
    (content / tiny.CARD).write_text(text, encoding="utf-8")
    (fault,) = inspect(content)[1]
    assert (fault.path, fault.line) == (content / tiny.CARD, text[: text.index("\x01")].count("\n") + 1)
    assert "U+0001" in fault.message


def test_two_articles_of_one_id(content: Path) -> None:
    (content / "articles" / "life").mkdir(parents=True)
    (content / "articles" / "life" / "procedure-residence-card.yaml").write_text(tiny.FILES[tiny.CARD], encoding="utf-8")
    _, faults = inspect(content)
    assert any("procedure-residence-card" in fault.message and fault.line == 1 for fault in faults)


def test_a_fault_prints_as_file_line_and_sentence(content: Path) -> None:
    (content / tiny.CARD).write_text(tiny.FILES[tiny.CARD].replace("aspect: lost", "aspect: colour"), encoding="utf-8")
    _, (fault,) = inspect(content)
    assert str(fault).startswith(f"{content / tiny.CARD}:{fault.line}: ")


def test_the_publisher_is_the_one_of_the_longest_path(content: Path) -> None:
    library, _ = inspect(content)
    assert library.articles["procedure-residence-card"].sources["isa"].publisher["en"] == "Immigration Services Agency"
    assert library.articles["warning-broker"].sources["moj"].publisher["en"] == "Ministry of Justice"


@pytest.mark.parametrize(
    "text", ["Pay within 14 days", "call 110 or 119", "form 1-2-3", "令和8年", "over 28 hours", "20歳以上", "120 points", "2026-04-01"]
)
def test_what_is_no_typed_figure(content: Path, text: str) -> None:
    (content / tiny.CARD).write_text(tiny.FILES[tiny.CARD].replace("within 14 days", text), encoding="utf-8")
    assert inspect(content)[1] == []


def test_every_language_of_the_table_is_demanded(content: Path) -> None:
    for code in languages():
        text = "\n".join(line for line in tiny.FILES[tiny.CARD].splitlines() if not line.startswith(f"    {code}: "))
        (content / tiny.CARD).write_text(text, encoding="utf-8")
        assert all(f"({code})" in fault.message for fault in inspect(content)[1])
        assert inspect(content)[1]


def test_more_questions_belong_to_their_unit(content: Path) -> None:
    units = read_library(content).units
    assert "how many hours for a side job" in units["status-student#part-time"].asked["en"]
    assert "何時間まで働けるか" in units["status-student#part-time"].asked["ja"]
    assert "学校をやめました" in units["status-student#school-ended"].asked["ja"]


def test_more_questions_for_no_article(content: Path) -> None:
    (content / tiny.MORE).rename(content / "questions" / "procedure-moon.yaml")
    assert "procedure-moon" in next(iter(fault_lines(content, "questions/procedure-moon.yaml").values()))


def test_more_questions_in_a_language_nobody_knows(content: Path) -> None:
    (content / tiny.MORE).write_text(tiny.FILES[tiny.MORE].replace("  en: ", "  eng: "), encoding="utf-8")
    assert fault_lines(content, tiny.MORE)


def test_a_broken_article_does_not_blame_its_questions(content: Path) -> None:
    (content / tiny.STUDENT).write_text(tiny.FILES[tiny.STUDENT].replace("kind: status", "kind: [status"), encoding="utf-8")
    assert content / tiny.MORE not in {fault.path for fault in inspect(content)[1]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("診察は一人で受けます。 会社の人は、 入れません。", "診察は一人で受けます。会社の人は、入れません。"),
        ("Go today. Then wait, please.", "Go today. Then wait, please."),
        ("次の順です。\n- 市役所", "次の順です。\n- 市役所"),
        ("カード（在留カード） IDのこと", "カード（在留カード）IDのこと"),
    ],
)
def test_no_blank_of_a_folded_line_stays_in_japanese(text: str, said: str) -> None:
    assert unfolded(text) == said
