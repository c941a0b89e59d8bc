"""What editors write: YAML and tables. Every fault has its file and line, and nothing is taken until there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.articles import Library
from knowledge.documents import ContentError
from knowledge.languages import CONTENT, languages
from knowledge.listings.curated import columns, read_companies, read_events, read_table, template
from knowledge.listings.feeds import read_feeds
from knowledge.listings.words import words

EVENT = """\
- id: fair-one
  kind: fair
  title: {en: Fair, ja: フェア}
  organiser: {en: Ministry, ja: 省}
  start: 2026-12-05T10:00
  end: 2026-12-05T16:00
  prefectures: [osaka]
  link: https://www.moj.go.jp/isa/fair.html
  source: https://www.moj.go.jp/isa/fair.html
  checked: 2026-11-01
"""
COMPANY = """\
- id: one
  name: {en: One, ja: 一}
  prefectures: [aichi]
  fields: [it]
  languages: [en]
  looking_for: {en: Developers, ja: 開発者}
  link: https://company.example/
  source: https://company.example/recruit
  said_on: 2026-10-01
  checked: 2026-11-01
"""
DOMAINS = "- {domain: www.moj.go.jp, path: /, publisher: {en: MOJ, ja: 法務省}}\n"


def folder(path: Path, events: str = EVENT, companies: str = COMPANY) -> Path:
    for name, text in (("domains.yaml", DOMAINS), ("events/one.yaml", events), ("companies/one.yaml", companies)):
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).write_text(text, encoding="utf-8")
    return path


# --- the real content -----------------------------------------------------------------------------------------------------------


def test_the_real_content_has_no_fault() -> None:
    assert len({one.id for one in read_events()}) > 5
    read_companies()
    assert all(not feed.enabled or feed.trusted in (True, False) for feed in read_feeds())


def test_nothing_is_fetched_and_nobody_is_trusted_until_an_operator_says_so() -> None:
    assert [feed.id for feed in read_feeds() if feed.enabled or feed.trusted] == []


def test_real_events_belong_to_articles_that_exist(real: Library) -> None:
    assert {one.article for one in read_events() if one.article} - set(real.articles) == set()
    assert {one.article for one in read_feeds() if one.article} - set(real.articles) == set()


def test_every_real_text_is_in_every_language() -> None:
    for one in read_events():
        for name in ("title", "organiser", "venue", "who", "cost", "note"):
            assert set(getattr(one, name)) in (set(), set(languages())), f"{one.id}: {name}"


def test_every_word_has_a_label_and_names_in_every_language() -> None:
    for group in words().values():
        for word in group.values():
            assert set(word.label) == set(languages()), word.id
            assert word.names, word.id


# --- faults ----------------------------------------------------------------------------------------------------------------------


def test_good_files_are_read(tmp_path: Path) -> None:
    content = folder(tmp_path)
    assert [one.id for one in read_events(content)] == ["fair-one"]
    assert [one.id for one in read_companies(content)] == ["one"]


@pytest.mark.parametrize(
    ("old", "new", "line", "words_of_it"),
    [
        ("kind: fair", "kind: party", 2, "no kind of event"),
        ("prefectures: [osaka]", "prefectures: [atlantis]", 7, "not a prefecture"),
        ("end: 2026-12-05T16:00", "end: 2026-12-05T09:00", 5, "before it begins"),
        ("end: 2026-12-05T16:00", "end: 2026-12-05", 5, "both have a time"),
        ("end: 2026-12-05T16:00", "timezone: Mars/Base", 5, "Mars/Base"),
        ("start: 2026-12-05T10:00", "start: 2026-13-05T10:00", 5, "month must be"),
        ("  start: 2026-12-05T10:00\n", "", 1, "usual_months"),
        ("source: https://www.moj.go.jp", "source: https://blog.example", 9, "official domain"),
        ("checked: 2026-11-01", "checked: 2999-01-01", 10, "future"),
        ("checked: 2026-11-01", "checked: 2026-11-31", 10, "not a day"),
        ("link: https:", "link: http:", 8, "does not match"),
        ("title:", "titel:", 1, "titel"),
    ],
)
def test_a_fault_in_an_event_has_its_line(tmp_path: Path, old: str, new: str, line: int, words_of_it: str) -> None:
    assert old in EVENT
    with pytest.raises(ContentError) as caught:
        read_events(folder(tmp_path, EVENT.replace(old, new)))
    assert any(fault.path.name == "one.yaml" and fault.line == line and words_of_it in fault.message for fault in caught.value.faults), caught.value


def test_an_id_twice_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"one\.yaml:11: .*twice"):
        read_events(folder(tmp_path, EVENT + EVENT))


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [("fields: [it]", "fields: [magic]", 4), ("prefectures: [aichi]", "prefectures: []", 3), ("said_on: 2026-10-01", "said_on: soon", 9)],
)
def test_a_fault_in_a_company_has_its_line(tmp_path: Path, old: str, new: str, line: int) -> None:
    with pytest.raises(ContentError, match=rf"one\.yaml:{line}: "):
        read_companies(folder(tmp_path, companies=COMPANY.replace(old, new)))


@pytest.mark.parametrize(
    ("row", "words_of_it"),
    [
        ("kind: party", "no kind"),
        ("format: json", "`json`"),
        ("url: http://feed.example/", "does not match"),
        ("timezone: Mars/Base", "time zone"),
        ("audiences: [robots]", "listings.yaml"),
    ],
)
def test_a_fault_in_a_feed_is_named(tmp_path: Path, row: str, words_of_it: str) -> None:
    rows = {"id": "one", "format": "ical", "url": "https://feed.example/", "publisher": "{en: X}", "kind": "fair"}
    key, _, value = row.partition(": ")
    path = tmp_path / "feeds.yaml"
    path.write_text("- " + "\n  ".join(f"{name}: {said}" for name, said in {**rows, key: value}.items()), encoding="utf-8")
    with pytest.raises(ContentError, match=words_of_it):
        read_feeds(path)


# --- tables ------------------------------------------------------------------------------------------------------------------------

LINE = "one,One,一,aichi;osaka,it,en;ja,Developers,開発者,https://company.example/,https://company.example/r,2026-10-01,2026-11-01\r\n"


def table(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    file = path / "companies.csv"
    file.write_bytes((template() + "".join(lines)).encode(encoding))
    return file


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_table_is_read(tmp_path: Path, encoding: str) -> None:
    (found,) = read_table(table(tmp_path, LINE, encoding=encoding))
    assert (found.prefectures, found.languages, found.name) == (("aichi", "osaka"), ("en", "ja"), {"en": "One", "ja": "一"})


def test_the_template_has_a_column_for_everything_the_yaml_has() -> None:
    assert {name.removesuffix("_en").removesuffix("_ja") for name in columns()} == {
        "id", "name", "prefectures", "fields", "languages", "looking_for", "link", "source", "said_on", "checked",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "line", "words_of_it"),
    [
        ([LINE, LINE.replace("one,One", "two,Two").replace("aichi", "atlantis")], 3, "prefecture"),
        ([LINE.replace(",it,", ",magic,")], 2, "magic"),
        ([LINE.replace("2026-10-01", "1.10.2026")], 2, "1.10.2026"),
        ([LINE.replace("https://company.example/,", "company.example,")], 2, "link"),
        ([LINE, LINE], 3, "twice"),
        (["only,three,cells\r\n"], 2, "one"),
        (['"one,One\r\n'], 2, "CSV"),
        ([LINE.replace("One,一", ",")], 2, "name"),
    ],
)
def test_a_fault_in_a_table_has_its_line(tmp_path: Path, lines: list[str], line: int, words_of_it: str) -> None:
    with pytest.raises(ContentError) as caught:
        read_table(table(tmp_path, *lines))
    if words_of_it != "one":
        assert any(words_of_it in fault.message for fault in caught.value.faults), caught.value
    assert {fault.line for fault in caught.value.faults} == {line}


def test_a_table_in_another_encoding_says_how_to_save_it(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="CSV UTF-8"):
        read_table(table(tmp_path, LINE, encoding="cp932"))


def test_a_table_without_its_head_says_which_columns_are_missing(tmp_path: Path) -> None:
    file = tmp_path / "companies.csv"
    file.write_text("name\nOne\n")
    with pytest.raises(ContentError, match="prefectures"):
        read_table(file)


def test_the_folder_of_companies_says_that_it_is_empty() -> None:
    assert read_companies() or "empty" in (CONTENT / "companies" / "README.md").read_text(encoding="utf-8")
