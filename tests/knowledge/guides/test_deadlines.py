"""Days are counted exactly, months too, and what a message says has happened is read with the day that belongs to it."""

from __future__ import annotations

import calendar
import datetime as dt
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.dates import find_dates
from knowledge.articles import Library
from knowledge.documents import ContentError
from knowledge.guides.deadlines import (
    FIRST_DAY,
    LAST_DAY,
    Deadline,
    Kind,
    Rule,
    article_of,
    calendar_address,
    closed,
    counted,
    deadlines_of,
    faults,
    happened_in,
    last_open_day,
    read_rules,
    rules,
)
from knowledge.guides.happenings import (
    Dated,
    another_day,
    days_of,
    find_happenings,
    is_off,
    supposes,
    wants_again,
    wants_all,
    wants_days,
)
from knowledge.languages import CONTENT, languages
from tests.tiny import ODD_MESSAGES, ascii_start

TODAY = dt.date(2026, 11, 22)  # a Sunday
DAYS = st.dates(FIRST_DAY, LAST_DAY)
RULES = [rule for kind in rules().kinds.values() for rule in kind.rules]
BY_DAYS = [rule for rule in RULES if rule.counting != "months"]
BY_MONTHS = [rule for rule in RULES if rule.counting == "months"]


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def rule(kind: str, name: str) -> Rule:
    return next(one for one in rules().kinds[kind].rules if one.id == name)


def reached(kind: str, name: str, said: str) -> str:
    return counted(day(said), rule(kind, name), rules().counting).isoformat()


# --- counting ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "name", "said", "expected"),
    [
        # 14 days, the first not counted (Civil Code, article 140): a divorce of 26 October is notified by 9 November.
        ("divorce", "notify-divorce", "2020-10-26", "2020-11-09"),
        ("left_job", "notify-end", "2027-03-31", "2027-04-14"),
        ("moved", "address", "2027-02-15", "2027-03-01"),
        ("moved", "address", "2028-02-15", "2028-02-29"),
        ("lost_card", "reissue", "2026-12-25", "2027-01-08"),
        # 14 and 7 days, the first counted (Family Register Act, article 43): born on the 1st, reported by the 14th.
        ("baby", "birth-report", "2026-12-01", "2026-12-14"),
        ("bereaved", "death-notice", "2026-12-01", "2026-12-07"),
        # 15 days from the day after birth: 30 April, 15 May.
        ("baby", "child-allowance", "2026-04-30", "2026-05-15"),
        ("baby", "acquisition", "2026-12-01", "2026-12-31"),
        ("baby", "sixty-days", "2026-12-01", "2027-01-30"),
        # Months: the day of the same number, or the last of the month.
        ("expiry", "apply-from", "2027-03-03", "2026-12-03"),
        ("expiry", "apply-from", "2027-05-31", "2027-02-28"),
        ("expiry", "apply-from", "2028-05-31", "2028-02-29"),
        ("expiry", "apply-from", "2027-05-30", "2027-02-28"),
        ("expiry", "apply-from", "2027-02-28", "2026-11-28"),
        ("expiry", "apply-by", "2027-03-03", "2027-03-03"),
        ("expiry", "special-period", "2026-10-10", "2026-12-10"),
        ("expiry", "special-period", "2026-08-31", "2026-10-31"),
        ("expiry", "special-period", "2026-12-31", "2027-02-28"),
        ("departed", "return-by", "2028-02-29", "2029-02-28"),
        ("coe", "enter-by", "2026-11-30", "2027-02-28"),
    ],
)
def test_the_day_that_is_reached(kind: str, name: str, said: str, expected: str) -> None:
    assert reached(kind, name, said) == expected


@given(said=DAYS, one=st.sampled_from(BY_DAYS))
def test_days_counted_one_by_one_lead_to_the_same_day(said: dt.date, one: Rule) -> None:
    """Ticks the days off on a calendar, as a person would, beginning with the first that counts."""
    if one.days == 0:
        assert counted(said, one, rules().counting) == said
        return
    ticked, current = 0, said if one.counting == "within" else said + dt.timedelta(days=1)
    while True:
        ticked += 1
        if ticked == one.days:
            break
        current += dt.timedelta(days=1)
    assert counted(said, one, rules().counting) == current


@given(said=DAYS, one=st.sampled_from(BY_MONTHS))
def test_months_keep_the_number_of_the_day_or_end_with_the_month(said: dt.date, one: Rule) -> None:
    found = counted(said, one, rules().counting)
    assert (found.year * 12 + found.month) - (said.year * 12 + said.month) == one.months
    assert found.day == min(said.day, calendar.monthrange(found.year, found.month)[1])


def civil_code(said: dt.date, months: int) -> dt.date:
    """The end of a period of months by the letter of article 143: from the day after, to the day before the day of the same number."""
    start = said + dt.timedelta(days=1)
    months += start.year * 12 + start.month - 1
    year, month = divmod(months, 12)
    length = calendar.monthrange(year, month + 1)[1]
    if start.day > length:
        return dt.date(year, month + 1, length)
    return dt.date(year, month + 1, start.day) - dt.timedelta(days=1)


@given(said=DAYS, one=st.sampled_from([one for one in BY_MONTHS if one.months > 0]))
def test_no_period_of_months_is_said_to_end_later_than_the_law_has_it(said: dt.date, one: Rule) -> None:
    gap = civil_code(said, one.months) - counted(said, one, rules().counting)
    assert dt.timedelta(0) <= gap <= dt.timedelta(days=3)
    if said.day != calendar.monthrange(said.year, said.month)[1]:
        assert gap == dt.timedelta(0)


@given(said=DAYS, kind=st.sampled_from(list(rules().kinds.values())))
def test_deadlines_come_in_order_and_one_for_each_rule(said: dt.date, kind: Kind) -> None:
    found = deadlines_of(kind, said, rules())
    assert [one.day for one in found] == sorted(one.day for one in found)
    assert sorted(one.rule.id for one in found) == sorted(one.id for one in kind.rules)


@pytest.mark.parametrize("said", ["1999-12-31", "2100-01-01"])
def test_a_day_out_of_reach_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match="is not between"):
        deadlines_of(rules().kinds["expiry"], day(said), rules())


def test_what_is_over_and_what_is_not() -> None:
    found = {one.rule.id: one for one in deadlines_of(rules().kinds["expiry"], day("2026-11-21"), rules())}
    assert found["apply-by"].over(TODAY)
    assert not found["apply-by"].over(day("2026-11-21"))  # the last day itself still counts
    assert not found["apply-from"].over(TODAY)
    assert not found["special-period"].over(TODAY)


# --- closed offices ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("2026-11-21", True), ("2026-11-22", True), ("2026-11-23", True), ("2026-11-24", False), ("2026-12-28", False), ("2026-12-29", True),
        ("2027-01-01", True), ("2027-01-03", True), ("2027-01-04", False), ("2027-03-22", True),
    ],
)  # fmt: skip
def test_days_of_rest(text: str, rest: bool) -> None:
    assert closed(day(text)) is rest


def test_the_working_day_before() -> None:
    assert last_open_day(day("2027-01-03")) == day("2026-12-28")
    found = {one.rule.id: one for one in deadlines_of(rules().kinds["expiry"], day("2027-01-02"), rules())}
    assert found["apply-by"].open_day == day("2026-12-28")
    assert found["apply-from"].open_day is None  # nothing has to be done on the day on which one can begin


@given(said=DAYS)
def test_the_working_day_is_open_and_near(said: dt.date) -> None:
    found = last_open_day(said)
    assert not closed(found)
    assert dt.timedelta(0) <= said - found <= dt.timedelta(days=10)


# --- what a message says ----------------------------------------------------------------------------------------------------


def told(text: str, language: str, today: dt.date = TODAY) -> dict[str, list[str]]:
    dates = [Dated(one.first, one.last, one.start, one.end) for one in find_dates(text, today)]
    return {one.kind.id: [found.isoformat() for found in one.days] for one in find_happenings(text, language, dates, rules(), today)}


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("my visa expires on 3 March", "en", {"expiry": ["2027-03-03"]}),
        ("My residence card is valid until April 30 2027", "en", {"expiry": ["2027-04-30"]}),
        ("visa expired on 3 march", "en", {"expiry": ["2026-03-03"]}),
        ("在留期限は3月3日です", "ja", {"expiry": ["2027-03-03"]}),
        ("ビザが10月30日に切れました", "ja", {"expiry": ["2026-10-30"]}),
        ("在留期間は令和9年3月3日まで", "ja", {"expiry": ["2027-03-03"]}),
        # several at once, each with its own day
        ("I quit my job on 31 March and my visa expires on 3 March 2027", "en", {"left_job": ["2026-03-31"], "expiry": ["2027-03-03"]}),
        ("3月31日に退職、4月1日に入社します", "ja", {"left_job": ["2027-03-31"], "new_job": ["2027-04-01"]}),
        ("11月5日に引っ越して、在留期限は3月3日です", "ja", {"moved": ["2026-11-05"], "expiry": ["2027-03-03"]}),
        # no day is taken from what it was not said of
        ("i moved to Osaka and changed jobs on 1 November", "en", {"moved": [], "new_job": ["2026-11-01"]}),
        ("I quit, and my visa expires on 3 March", "en", {"left_job": [], "expiry": ["2027-03-03"]}),
        # yesterday, two weeks ago, 3日前
        ("our baby was born yesterday", "en", {"baby": ["2026-11-21"]}),
        ("started a new job 2 weeks ago", "en", {"new_job": ["2026-11-08"]}),
        ("3日前に会社を辞めました", "ja", {"left_job": ["2026-11-19"]}),
        # days of the week and of a month: behind today when the words say so
        ("I quit on Friday", "en", {"left_job": ["2026-11-20"]}),
        ("moved last Saturday", "en", {"moved": ["2026-11-21"]}),
        ("土曜日に引っ越しました", "ja", {"moved": ["2026-11-21"]}),
        ("I moved on the 15th", "en", {"moved": ["2026-11-15"]}),
        ("my card expires next Friday", "en", {"expiry": ["2026-11-27"]}),
        ("十日前にカードを落としました", "ja", {"lost_card": ["2026-11-12"]}),
        # what has happened lies behind, what will happen ahead
        ("11月5日に引っ越しました", "ja", {"moved": ["2026-11-05"]}),
        ("I will quit on 31 march", "en", {"left_job": ["2027-03-31"]}),
        ("主人が11月10日に亡くなりました", "ja", {"bereaved": ["2026-11-10"]}),
        # no day, or only a month or a week
        ("when does my visa expire", "en", {"expiry": []}),
        ("I got divorced in october", "en", {"divorce": []}),
        ("先週転職しました", "ja", {"new_job": []}),
        ("I renewed my passport", "en", {"passport": []}),
        # two readings, or one that is clear
        ("visa expires 03/04", "en", {"expiry": ["2027-04-03", "2027-03-04"]}),
        ("visa expires 03/04/2027", "en", {"expiry": ["2027-04-03", "2027-03-04"]}),
        ("visa expires 03/03", "en", {"expiry": ["2027-03-03"]}),
        ("visa expires 25/12", "en", {"expiry": ["2026-12-25"]}),
        ("visa expires 12/25/26", "en", {"expiry": ["2026-12-25"]}),
        ("期限は3/4です", "ja", {"expiry": ["2027-03-04"]}),
        ("my period of stay ends 2027/2/28", "en", {"expiry": ["2027-02-28"]}),
        # not dates
        ("my visa ends, i earn 2.5 million and have 3-4 questions", "en", {"expiry": []}),
        ("what is the weather on 3 March", "en", {}),
        ("2027/02/30に期限が切れます", "ja", {"expiry": []}),
    ],
)  # fmt: skip
def test_what_has_happened_and_when(text: str, language: str, expected: dict[str, list[str]]) -> None:
    assert told(text, language) == expected


@pytest.mark.parametrize(
    ("text", "kind", "days"),
    [
        ("my COE was issued last month, I fly on 3 January 2027", "coe", []),
        ("my COE was issued on 3 November 2026", "coe", ["2026-11-03"]),
        ("residence card stolen with my bag, flight home on 3 January 2027", "lost_card", []),
        ("residence card stolen on 3 November 2026", "lost_card", ["2026-11-03"]),
    ],
)
def test_what_has_happened_has_no_day_to_come(text: str, kind: str, days: list[str]) -> None:
    dates = [Dated(one.first, one.last, one.start, one.end) for one in find_dates(text, TODAY)]
    (found,) = find_happenings(text, "en", dates, rules(), TODAY)
    assert (found.kind.id, [day.isoformat() for day in found.days]) == (kind, days)


@pytest.mark.parametrize(("text", "day"), [("I quit on 30 November", "2026-11-30"), ("I quit on 30 January", "2026-01-30")])
def test_a_day_of_the_coming_month_is_not_one_of_last_year(text: str, day: str) -> None:
    assert told(text, "en") == {"left_job": [day]}


def test_next_friday_said_on_a_monday_can_be_either() -> None:
    monday = TODAY + dt.timedelta(days=1)
    assert told("my card expires next Friday", "en", monday) == {"expiry": ["2026-11-27", "2026-12-04"]}


@pytest.mark.parametrize(
    ("text", "language", "wanted"),
    [
        ("I changed companies on 1 October, is there something I must report?", "en", True),
        ("my stay ends on 30 June 2027, how soon may I go?", "en", True),
        ("divorced on 3 July", "en", True),
        ("remind me of the due dates please", "en", True),
        ("my visa expired on 1 September, can I still work?", "en", True),  # that it is over comes first
        ("10月1日に転職しました。何か届けますか", "ja", True),
        ("ビザは6月30日までなんですが、何か月前から出せますか", "ja", True),
        ("7月3日に離婚しました", "ja", True),
        ("在留期限が9月1日で切れました。働いてもいいですか", "ja", True),
        ("締め切りを計算して", "ja", True),
        # something else is asked
        ("my visa ends on 30 June 2027, can my wife join me?", "en", False),
        ("I moved on 5 November, how much is the city tax?", "en", False),
        ("ビザは6月30日までです。妻も働けますか", "ja", False),
        ("11月5日に引っ越しました。住民税はいくらですか", "ja", False),
        ("I was dismissed on 5 November, is there severance", "en", False),
        ("my stay ends on 30 June 2027, tell me the papers for the extension", "en", False),
        ("在留期限は6月30日です。更新の書類を集めます", "ja", False),
        ("my visa expiry date is 3 March 2027 and I have applied. Can I keep working?", "en", False),
        # there is worse to be said than the days
        ("11月9日入社の内定を取り消されました", "ja", False),
        ("my visa expires on 30 June and I am abroad", "en", False),
        ("ビザは6月30日で切れますが今海外にいます", "ja", False),
        # an employer speaks of somebody else
        ("our foreign staff member quit on 5 November, what do we report", "en", False),
        ("one of our trainees moved on 5 November", "en", False),
        ("11月5日に従業員が退職しました", "ja", False),
        ("当社のスタッフのカードは6月30日までです", "ja", False),
        # a purse is no residence card
        ("I lost my purse on 5 November", "en", False),
        ("11月5日に銀行のカードをなくしました", "ja", False),
        # no day, or nothing that has a deadline
        ("I moved, what do I need to report?", "en", False),
        ("how long does an extension take", "en", False),
        ("I got married on 5 May", "en", False),
        ("is the office open on 3 March?", "en", False),
        ("引っ越しました。何を届けますか", "ja", False),
        ("3月3日は窓口は開いていますか", "ja", False),
    ],
)  # fmt: skip
def test_who_wants_to_know_the_days(text: str, language: str, wanted: bool) -> None:
    dates = [Dated(one.first, one.last, one.start, one.end) for one in find_dates(text, TODAY)]
    assert wants_days(text, language, dates, rules(), TODAY) is wanted


@pytest.mark.parametrize(
    ("text", "language", "wanted"),
    [
        ("my card runs out at the end of March", "en", True),  # its day is asked for
        ("ビザは来月で切れます", "ja", True),
        ("my card runs out next month, can I still travel?", "en", False),
        ("ビザは来月切れますが旅行できますか", "ja", False),
        ("試用期間でクビになったけどビザの期限は来月", "ja", False),  # what the dismissal means comes first
        ("I was fired and my visa ends next month", "en", False),
        ("my visa runs out next year", "en", False),
        ("I graduate in March", "en", False),  # a month in which something else happens is no wish
        ("I got divorced ten days ago, am I late", "en", True),
    ],
)  # fmt: skip
def test_a_month_in_which_a_stay_ends_is_enough(text: str, language: str, wanted: bool) -> None:
    dates = [Dated(one.first, one.last, one.start, one.end) for one in find_dates(text, TODAY)]
    assert wants_days(text, language, dates, rules(), TODAY) is wanted


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("my visa expires on 5 May 2027, not on 3 May 2027", "en", {"expiry": ["2027-05-05"]}),
        ("I moved on 2 May 2026 instead of 1 May 2026", "en", {"moved": ["2026-05-02"]}),
        ("引っ越したのは2026年5月1日ではなく2026年5月2日です", "ja", {"moved": ["2026-05-02"]}),
        ("2026年5月1日じゃなくて2026年5月2日に退職しました", "ja", {"left_job": ["2026-05-02"]}),
        ("not 1 May 2026", "en", {}),
    ],
)
def test_a_day_that_is_taken_back_does_not_count(text: str, language: str, expected: dict[str, list[str]]) -> None:
    assert told(text, language) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026年5月1日に退職しました。期限はいつですか",
        "2026年5月1日に退職しました。届出の期限は何日ですか",
        "2026年5月1日に退職しました。期限が分かりません",
    ],
)
def test_who_asks_for_the_deadline_tells_of_no_stay_that_ends(text: str) -> None:
    assert told(text, "ja") == {"left_job": ["2026-05-01"]}
    assert told("期限は2027年5月1日です", "ja") == {"expiry": ["2027-05-01"]}


def found_on(*happened: tuple[str, str]) -> list[Deadline]:
    return [one for kind, said in happened for one in deadlines_of(rules().kinds[kind], day(said), rules())]


@pytest.mark.parametrize(
    ("happened", "article"),
    [
        ([("expiry", "2027-03-03")], "procedure-extension"),
        ([("expiry", "2026-11-21")], "procedure-overstay"),
        ([("moved", "2026-11-20"), ("expiry", "2026-11-21")], "procedure-overstay"),  # what is grave comes first
        ([("moved", "2026-11-20"), ("divorce", "2026-11-10")], "procedure-notify-spouse"),  # 24 November, before 4 December
        ([("moved", "2026-11-20"), ("divorce", "2026-10-10")], "procedure-address"),  # the divorce's day is over
        ([("divorce", "2026-10-10")], "procedure-notify-spouse"),
        ([], None),
    ],
)  # fmt: skip
def test_the_article_is_about_what_has_to_be_done_first(happened: list[tuple[str, str]], article: str | None) -> None:
    assert article_of(found_on(*happened), TODAY) == article


def test_every_article_that_is_named_is_there(tmp_path: Path, real: Library) -> None:
    assert not list(faults(CONTENT, real)) and not list(faults(tmp_path, real))
    text = (CONTENT / "deadlines.yaml").read_text(encoding="utf-8")
    (tmp_path / "deadlines.yaml").write_text(text.replace("article: procedure-overstay", "article: procedure-nowhere"), encoding="utf-8")
    (fault,) = faults(tmp_path, real)
    assert "there is no article 'procedure-nowhere'" in str(fault) and fault.line > 1


def test_the_29th_of_february_is_found_in_the_next_leap_year() -> None:
    assert told("visa expires 29/02", "en") == {"expiry": ["2028-02-29"]}
    assert told("visa expires on 29 February", "en") == {"expiry": ["2028-02-29"]}


@pytest.mark.parametrize(
    ("text", "language", "kind", "expected"),
    [
        ("3 March", "en", "expiry", ["2027-03-03"]),
        ("5 November", "en", "moved", ["2026-11-05"]),
        ("5 December", "en", "moved", ["2026-12-05"]),
        ("03/04", "en", "expiry", ["2027-04-03", "2027-03-04"]),
        ("11月5日です", "ja", "moved", ["2026-11-05"]),
        ("11月25日です", "ja", "lost_card", ["2025-11-25"]),
        ("at the end of January", "en", "expiry", ["2027-01-31"]),
        ("12月末です", "ja", "left_job", ["2026-12-31"]),
        ("the 5th", "en", "expiry", ["2026-12-05"]),
        ("the 19th", "en", "lost_card", ["2026-11-19"]),
        ("19日でした", "ja", "lost_card", ["2026-11-19"]),
        ("5日の予定です", "ja", "moved", ["2026-12-05"]),
        ("in January, on the 20th", "en", "moved", ["2027-01-20"]),
        ("in March", "en", "expiry", []),
        ("within 14 days", "en", "moved", []),
        ("14日以内ですか", "ja", "moved", []),
        ("10日間あります", "ja", "moved", []),
        ("the 3rd time", "en", "moved", []),
        ("I don't know", "en", "expiry", []),
    ],
)  # fmt: skip
def test_the_day_in_an_answer(text: str, language: str, kind: str, expected: list[str]) -> None:
    dates = [Dated(one.first, one.last, one.start, one.end) for one in find_dates(text, TODAY)]
    assert [found.isoformat() for found in days_of(text, language, rules().kinds[kind], dates, rules(), TODAY)] == expected


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("two weeks later", "en", ["2027-03-17"]),
        ("a month earlier", "en", ["2027-02-03"]),
        ("the week before that", "en", ["2027-02-24"]),
        ("10日早くなりました", "ja", ["2027-02-21"]),
        ("二か月遅れます", "ja", ["2027-05-03"]),
        ("2028, sorry", "en", ["2028-03-03"]),
        ("令和十年でした", "ja", ["2028-03-03"]),
        ("the 25th", "en", ["2027-03-25"]),
        ("25日でした", "ja", ["2027-03-25"]),
        ("on Friday", "en", ["2027-03-05"]),
        ("月曜だったら", "ja", ["2027-03-01"]),
        ("in April", "en", ["2027-04-03"]),
        ("5 May 2027", "en", ["2027-05-05"]),
        ("the 40th", "en", None),
        ("how much is it", "en", None),
    ],
)
def test_another_day_may_say_only_what_is_different(text: str, language: str, expected: list[str] | None) -> None:
    dates = [Dated(one.first, one.last, one.start, one.end) for one in find_dates(text, TODAY)]
    days = another_day(text, language, rules().kinds["expiry"], dates, rules(), TODAY, day("2027-03-03"))
    assert (None if days is None else [one.isoformat() for one in days]) == expected


@pytest.mark.parametrize("text", ["two weeks later", "10日早くなりました", "2028, sorry", "in April"])
def test_nothing_is_guessed_when_the_day_is_not_known_any_more(text: str) -> None:
    dates = [Dated(one.first, one.last, one.start, one.end) for one in find_dates(text, TODAY)]
    assert another_day(text, "en", rules().kinds["expiry"], dates, rules(), TODAY, None) == ()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("and if it's the 5th?", True),
        ("what if I quit on the 5th", True),
        ("5日なら？", True),
        ("もし5日だったら、いつまで？", True),
        ("what if I quit on the 5th, can I stay?", False),
        ("5日でした", False),
        ("会社に言ったら怒られました", False),
    ],
)
def test_what_supposes_another_day_and_asks_nothing_else(text: str, wanted: bool) -> None:
    assert supposes(text, rules()) is wanted


@pytest.mark.parametrize(
    ("text", "off"),
    [
        ("the move is cancelled", True),
        ("we're not moving after all", True),
        ("引っ越しはなくなりました", True),
        ("転職しないことにした", True),
        ("I am moving on the 5th", False),
        ("引っ越しました", False),
        ("会社をやめました", False),
    ],
)
def test_what_will_not_happen_after_all(text: str, off: bool) -> None:
    assert is_off(text, rules()) is off


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("what are my deadlines?", True),
        ("期限を教えてください", True),
        ("いつまでに何をすればいいですか", True),
        ("届出の期限は？", False),
        ("deadline for the CoE", False),
    ],
)
def test_who_asks_for_all_deadlines(text: str, wanted: bool) -> None:
    assert wants_all(text, rules()) is wanted


@pytest.mark.parametrize(("text", "language"), [("my visa expires soon", "en"), ("もうすぐ在留期間が終わります", "ja")])
def test_a_stay_that_ends_soon_is_enough(text: str, language: str) -> None:
    assert wants_days(text, language, [], rules(), TODAY)


@pytest.mark.parametrize("text", [*ODD_MESSAGES, "三三日前", "999 weeks ago", "99/99", "0/0", "00/00/0000"], ids=ascii_start)
def test_odd_messages_are_read_without_an_error(text: str) -> None:
    for language in languages():
        for one in told(text, language).values():
            assert len(one) <= 2


@given(said=DAYS)
def test_a_full_date_is_read_as_it_is_written(said: dt.date) -> None:
    assert told(f"my visa expires on {said.isoformat()}", "en") == {"expiry": [said.isoformat()]}
    assert told(f"在留期限は{said.year}年{said.month}月{said.day}日です", "ja") == {"expiry": [said.isoformat()]}


@given(said=DAYS, today=st.dates(dt.date(2020, 1, 1), dt.date(2080, 1, 1)))
def test_an_expiry_without_a_year_is_the_next_such_day(said: dt.date, today: dt.date) -> None:
    (found,) = told(f"在留期限は{said.month}月{said.day}日です", "ja", today)["expiry"]
    assert day(found) >= today
    assert (day(found).month, day(found).day) == (said.month, said.day)


# --- the address of the calendar ----------------------------------------------------------------------------------------------


@given(happened=st.lists(st.tuples(st.sampled_from(list(rules().kinds)), DAYS), min_size=1, max_size=5), language=st.sampled_from(list(languages())))
def test_an_address_holds_kinds_and_days_and_nothing_else(happened: list[tuple[str, dt.date]], language: str) -> None:
    address = calendar_address([(rules().kinds[kind], said) for kind, said in happened], language)
    query = [tuple(pair.split("=")) for pair in address.split("?")[1].split("&")]
    assert [(kind.id, said) for kind, said in happened_in(query, rules())] == happened  # type: ignore[arg-type]
    assert re.fullmatch(r"/pages/reminders\.ics\?lang=[a-z]+(&[a-z_]+=\d{4}-\d{2}-\d{2})+", address)


# --- the rules as content -------------------------------------------------------------------------------------------------------


def test_every_rule_says_who_when_and_from_where() -> None:
    for one in RULES:
        assert one.source.publisher
        assert set(one.title) == set(one.why) == set(languages())
        assert one.role != "by" or set(one.late) == set(languages())


def test_the_figures_agree_with_the_facts_of_the_articles() -> None:
    """The same figure stands in facts/*.yaml for the articles; when a reform changes one, the other must follow."""
    from knowledge.content_reader import read_library

    facts = read_library().facts

    def figure(name: str) -> str:
        return facts[name][-1].value["ja"]

    assert figure("deadline.notification") == f"{rule('left_job', 'notify-end').days}日"
    assert figure("deadline.address") == f"{rule('moved', 'address').days}日"
    assert figure("deadline.lost_card") == f"{rule('lost_card', 'reissue').days}日"
    assert figure("deadline.acquisition") == f"{rule('baby', 'acquisition').days}日"
    assert figure("acquisition.limit") == f"{rule('baby', 'sixty-days').days}日"
    assert figure("window.extension") == f"{-rule('expiry', 'apply-from').months}か月"
    assert figure("special_period.max") == f"{rule('expiry', 'special-period').months}か月"
    assert figure("cancel.spouse") == f"{rule('divorce', 'divorce-status').months}か月"
    assert figure("cancel.activity") == f"{rule('left_job', 'three-months').months}か月"
    assert figure("cancel.address") == f"{rule('moved', 'address-90').days}日"
    assert figure("card.renew.pr") == f"{-rule('card_expiry', 'renew-from').months}か月"
    assert figure("coe.validity") == f"{rule('coe', 'enter-by').months}か月"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("source: isa-extension", "source: nowhere", "there is no source 'nowhere'"),
        ("https://www.moj.go.jp/isa/applications/procedures/16-3.html", "https://example.com/x", "is not on an official domain"),
        ("shift: {days: 14}", "shift: {months: 14}", "months are counted as 'months'"),
        ("'\\bdivorc\\w*'", "'\\bdivorc(\\w*'", "is not a regular expression"),
        ("- id: moved", "- id: expiry", "the kind 'expiry' is there twice"),
        ("role: by", "role: maybe", "role: 'maybe' is not one of"),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    for name in ("deadlines.yaml", "domains.yaml"):
        shutil.copy(CONTENT / name, tmp_path / name)
    text = (CONTENT / "deadlines.yaml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "deadlines.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ContentError) as error:
        read_rules(tmp_path)
    assert message in str(error.value)
    assert all(fault.line > 1 for fault in error.value.faults)


# --- as people say it ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        # in kana alone and with spaces, in Latin letters, with the short name of an era
        ("わたしは きのう にほんに きました", "ja", {"arrived": ["2026-11-21"]}),
        ("ざいりゅうカードを なくしました。ふつかまえです", "ja", {"lost_card": ["2026-11-20"]}),
        ("りこんは 11がつ8か でした", "ja", {"divorce": ["2026-11-08"]}),
        ("kaisha wo yamemashita, 11gatsu 9nichi", "ja", {"left_job": ["2026-11-09"]}),
        ("在留期限はR9.2.14です", "ja", {"expiry": ["2027-02-14"]}),
        ("あと3週間でビザが切れます", "ja", {"expiry": ["2026-12-13"]}),
        # the words that people have for it
        ("they let me go the day before yesterday", "en", {"left_job": ["2026-11-20"]}),
        ("next company, I join the new one on 11 January", "en", {"new_job": ["2027-01-11"]}),
        ("次の会社は1月6日からです", "ja", {"new_job": ["2027-01-06"]}),
        ("card exp 3/31/27", "en", {"expiry": ["2027-03-31"]}),
        ("永住者カードの有効期間は2027年5月9日まで", "ja", {"card_expiry": ["2027-05-09"]}),
        # the tense of another sentence is not that of the day
        ("I handed in my notice. My last day is 25 December", "en", {"left_job": ["2026-12-25"]}),
        ("退職届を出しました。最終出勤日は12月25日です", "ja", {"left_job": ["2026-12-25"]}),
        ("my visa ends 22 April. I quit the 12th", "en", {"expiry": ["2027-04-22"], "left_job": ["2026-11-12"]}),
        # a day without its month is in that of the day before it, and of its own verb
        ("12日に会社を辞めて18日に引っ越した", "ja", {"left_job": ["2026-11-12"], "moved": ["2026-11-18"]}),
        ("十一月十二日退職、十八日引越", "ja", {"left_job": ["2026-11-12"], "moved": ["2026-11-18"]}),
        ("I quit on 8 September and moved on the 18th", "en", {"left_job": ["2026-09-08"], "moved": ["2026-09-18"]}),
        ("I will quit on 28 January and move on the 3rd", "en", {"left_job": ["2027-01-28"], "moved": ["2027-01-03", "2027-02-03"]}),
        ("にほんに まだ きません、12がつ1にちに つきます", "ja", {}),
        ("いえは まだです、ひっこしは 12がつ1にち", "ja", {"moved": ["2026-12-01"]}),
        # what ends, and is no period of stay
        ("my passport expires on 3 June 2027", "en", {"passport": ["2027-06-03"]}),
        ("my credit card expires on 3 June 2027", "en", {}),
        ("マイナンバーカードは2027年6月3日まで", "ja", {}),
        ("パスポートの期限は2027年6月3日", "ja", {"passport": ["2027-06-03"]}),
        # no mention of a thing at all
        ("12月1日に入社した場合の期限は", "ja", {"new_job": ["2026-12-01"]}),
    ],
)
def test_what_happened_is_heard_however_it_is_said(text: str, language: str, expected: dict[str, list[str]]) -> None:
    assert told(text, language) == expected


@pytest.mark.parametrize(("text", "language", "kind"), [("baby", "en", "baby"), ("moving house", "en", "moved"), ("ビザ", "ja", "expiry")])
def test_a_hint_is_enough_only_where_it_was_just_asked(text: str, language: str, kind: str) -> None:
    assert [one.kind.id for one in find_happenings(text, language, [], rules(), TODAY, asked=True)] == [kind]


@pytest.mark.parametrize("text", ["the baby is called Mia", "a question about my visa", "赤ちゃんの名前"])
def test_a_hint_alone_tells_nothing(text: str) -> None:
    assert find_happenings(text, "en", [], rules(), TODAY) == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("put that into my calendar", True),
        ("カレンダーに入れて", True),
        ("oh no, already over?", True),
        ("もう過ぎてるじゃないですか", True),
        ("how much does it cost?", False),
        ("会議が長引きました", False),
    ],
)
def test_the_list_is_wanted_once_more(text: str, wanted: bool) -> None:
    assert wants_again(text, rules()) is wanted


def test_not_yet_is_no_past() -> None:
    found = find_dates("まだ です。12月1日に きまります", TODAY)
    dates = [Dated(one.first, one.last, one.start, one.end) for one in found]
    assert days_of("まだ です。12月1日に きまります", "ja", rules().kinds["arrived"], dates, rules(), TODAY) == (day("2026-12-01"),)


# --- whose day, and whose words ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language", "lost"),
    [
        ("residence card stolen on the train, flying on 3 January 2027", "en", None),
        ("residence card stolen on 3 January 2026, flying soon", "en", dt.date(2026, 1, 3)),
        ("在留カードをなくしました。2027年1月3日の飛行機です", "ja", None),
    ],
)
def test_a_flight_keeps_its_day(text: str, language: str, lost: dt.date | None) -> None:
    dates = [Dated(one.first, one.last, one.start, one.end) for one in find_dates(text, TODAY)]
    (found,) = find_happenings(text, language, dates, rules(), TODAY)
    assert (found.kind.id, found.day) == ("lost_card", lost)


@pytest.mark.parametrize(("text", "language"), [("I quit the gym on 20 November 2026", "en"), ("昨日ジムの契約をやめました", "ja")])
def test_a_contract_with_a_gym_is_no_job(text: str, language: str) -> None:
    assert find_happenings(text, language, [], rules(), TODAY) == []
