"""What people tell a form beside the answer asked for, in both languages: on the real questions of the status finder and the checklist."""

from __future__ import annotations

from typing import Any, Dict, Optional

import pytest

from actions.checklist import FORM as CHECKLIST
from actions.decision import Decision
from actions.forms import talk
from actions.forms.form import Form, State
from actions.forms.talk import Move
from actions.memory import Memory
from actions.points import FORM as POINTS
from actions.status_finder import FORM as FINDER
from tests.actions.test_forms import heard


def went(form: Form, answers: Dict[str, Any], asked: str, text: str) -> Move:
    return talk.go_on(form, State(answers, asked), heard(text), Memory(), lambda: Decision("unsure", Memory()))


@pytest.mark.parametrize(
    ("asked", "before", "text", "told"),
    [
        ("place", {}, "I live in Sendai on a dependent visa", {"place": "japan", "now": "dependent"}),
        ("place", {}, "日本です。特定技能です", {"place": "japan", "now": "ssw1"}),
        ("place", {}, "いんどねしあ", {"place": "abroad"}),
        ("now", {"place": "japan"}, "留学です", {"now": "student"}),
        ("purpose", {"place": "abroad"}, "a firm wants me as a translator", {"purpose": "job", "work": "office"}),
        ("purpose", {"place": "abroad"}, "祖父が日本人なので日本に行きたい", {"purpose": "family", "relation": "nikkei3"}),
    ],
)
def test_the_finder_takes_what_stands_beside_the_answer(asked: str, before: Dict[str, Any], text: str, told: Dict[str, Any]) -> None:
    assert went(FINDER, before, asked, text).state.answers == {**before, **told}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a list for changing from student to humanities, category 3", {"procedure": "change", "status": "engineer", "category": "3"}),
        ("家族滞在から留学への変更の書類リスト", {"procedure": "change", "status": "student"}),
        ("介護の特定技能を海外から呼ぶ書類リスト", {"procedure": "coe", "status": "ssw1"}),
    ],
)
def test_the_status_wanted_is_not_the_one_left_nor_the_job(text: str, told: Dict[str, Any]) -> None:
    assert talk.begin(CHECKLIST, heard(text)).state.answers.items() >= told.items()


@pytest.mark.parametrize(("text", "category"), [("we withheld 12 million yen", "2"), ("源泉徴収税額は300万円です", "3")])
def test_the_tax_withheld_gives_the_category(text: str, category: str) -> None:
    before = {"procedure": "coe", "group": "work", "status": "transferee"}
    assert went(CHECKLIST, before, "category", text).state.answers["category"] == category


@pytest.mark.parametrize("text", ["why do you want to know that?", "どうして聞くんですか"])
def test_who_asks_why_is_told_and_asked_again(text: str) -> None:
    move = went(FINDER, {}, "place", text)
    assert (move.reply, move.state.asked, move.state.tries) == ("utter_form_why", "place", 0)


@pytest.mark.parametrize("text", ["what can I choose?", "選択肢は？"])
def test_who_asks_for_the_choices_gets_them(text: str) -> None:
    assert went(CHECKLIST, {}, "procedure", text).kind == "choices"


# --- the points calculator ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ok, b please", "b"),
        ("I think type a", "a"),
        ("それなら、ﾛでお願いします", "b"),
        ("たぶんハかな", "c"),
        ("probably the third one", "c"),
        ("じゃあ一番で", "a"),
    ],
)
def test_a_letter_or_a_place_is_read_among_fillers(text: str, kind: str) -> None:
    assert went(POINTS, {}, "type", text).state.answers == {"type": kind}


@pytest.mark.parametrize("text", ["b12", "a degree", "ロシア"])
def test_a_letter_inside_other_words_is_no_choice(text: str) -> None:
    assert "type" not in went(POINTS, {}, "type", text).state.answers


@pytest.mark.parametrize(
    ("asked", "text", "told"),
    [
        ("career", "4 years. sorry, not a doctorate but a bachelor", {"career": 4, "degree": "bachelor"}),
        ("career", "6年です。あ、博士ではなくて学士でした", {"career": 6, "degree": "bachelor"}),
        ("career", "oops, it was a bachelor, and my pay is 5.2 not 7", {"degree": "bachelor", "salary": 5_200_000}),
        ("career", "master instead of doctorate, sorry", {"degree": "master"}),
    ],
)
def test_earlier_answers_are_mended_beside_others(asked: str, text: str, told: Dict[str, Any]) -> None:
    before = {"type": "b", "degree": "doctor", "salary": 7_000_000}
    assert went(POINTS, before, asked, text).state.answers == {**before, **told}


@pytest.mark.parametrize("text", ["age 27 and experience 4", "経験は4で、年齢は27です"])
def test_several_numbers_are_told_apart_by_their_names(text: str) -> None:
    assert went(POINTS, {"type": "b", "degree": "master"}, "career", text).state.answers.items() >= {"career": 4, "age": 27}.items()


@pytest.mark.parametrize("text", ["27 yrs", "27 years"])
def test_the_years_of_age_are_no_years_of_work(text: str) -> None:
    before = {"type": "b", "degree": "master", "career": 4, "salary": 6_000_000}
    assert went(POINTS, before, "age", text).state.answers == {**before, "age": 27}


@pytest.mark.parametrize(
    "text",
    [
        "no wait, forget about it",
        "hmm never mind then",
        "I don't feel like answering this",
        "長いのでやめておきます",
        "今日はやめとく",
        "すみません、また今度にします",
    ],
)
def test_who_has_enough_may_stop_in_their_own_words(text: str) -> None:
    assert went(POINTS, {"type": "b"}, "degree", text).kind == "cancelled"


@pytest.mark.parametrize("text", ["I forgot my degree", "会社をやめたら届出は必要ですか", "I stopped working last year"])
def test_stopping_something_else_is_no_cancelling(text: str) -> None:
    assert went(POINTS, {"type": "b"}, "degree", text).kind != "cancelled"


@pytest.mark.parametrize(
    ("text", "achievements"), [("two papers so far", []), ("論文は1本です", []), ("a patent and one paper", ["patent"]), ("five papers", ["papers"])]
)
def test_fewer_papers_than_three_do_not_count(text: str, achievements: list[str]) -> None:
    before = {"type": "b", "degree": "master", "career": 4, "salary": 6_000_000, "age": 27}
    assert list(went(POINTS, before, "research", text).state.picked) == achievements


@pytest.mark.parametrize("text", ["master at Waseda", "京大の修士"])
def test_a_japanese_university_is_known_by_its_name(text: str) -> None:
    assert talk.begin(POINTS, heard(text)).state.answers == {"degree": "master", "person": ["japan_degree"]}


@pytest.mark.parametrize(
    ("asked", "text", "least", "below"),
    [
        ("salary", "a bit under 5 million", 4_000_000, 5_000_000),
        ("salary", "500万弱です", 4_000_000, 5_000_000),
        ("salary", "600万円に届かない", 5_000_000, 6_000_000),
        ("career", "almost 3 years", 2, 3),
        ("career", "5年未満です", 4, 5),
    ],
)
def test_what_stays_under_a_number_is_less_than_it(asked: str, text: str, least: int, below: int) -> None:
    before = {"type": "b", "degree": "master", **({"career": 3} if asked == "salary" else {})}
    assert least <= went(POINTS, before, asked, text).state.answers[asked] < below


@pytest.mark.parametrize("text", ["修士は中退したので学士です", "dropped out of my master, so bachelor"])
def test_a_degree_not_finished_is_none(text: str) -> None:
    assert went(POINTS, {"type": "b"}, "degree", text).state.answers["degree"] == "bachelor"


@pytest.mark.parametrize(("asked", "text"), [("salary", "8000000"), ("age", "31"), ("research", "なし"), ("research", "none")])
@pytest.mark.parametrize("intent", ["report_danger", "complain"])
def test_a_number_or_a_none_is_no_cry_for_help(asked: str, text: str, intent: str) -> None:
    before = {"type": "b", "degree": "master", "career": 4, "salary": 6_000_000, "age": 27}
    before = {name: value for name, value in before.items() if name != asked}
    move = talk.go_on(POINTS, State(before, asked), heard(text, intent), Memory(), lambda: Decision("unsure", Memory()))
    assert move.kind == "ask" and asked in move.state.answers


@pytest.mark.parametrize("text", ["go back please, I typed something that was not right", "why you want to know my degree"])
def test_back_and_why_in_more_words(text: str) -> None:
    before = {"type": "b"}
    assert went(POINTS, before, "degree", text).state.asked in ("type", "degree")
    assert went(POINTS, before, "degree", text).kind == "ask"


# --- whose work and whose plan ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "purpose"),
    [
        ("my wife works in Kobe as an engineer, what about me?", "family"),
        ("妻が福岡で会社員として働いています。私は来月行きます", "family"),
        ("I want a job in Kobe, my wife works there", "job"),
        ("夫は働いていますが、私も就職したいです", "job"),
    ],
)
def test_the_work_of_the_family_is_not_the_person_s_plan(text: str, purpose: str) -> None:
    assert talk.begin(FINDER, heard(text)).state.answers["purpose"] == purpose


@pytest.mark.parametrize("text", ["and with no diploma at the end?", "資金がなかったら？", "500万円で足りる？"])
def test_what_ends_with_a_question_mark_and_answers_nothing_is_a_question(text: str) -> None:
    before = {"place": "abroad", "purpose": "business"}
    move = went(FINDER, before, "business", text)
    assert (move.decision is not None, move.state.answers) == (True, before)


@pytest.mark.parametrize("text", ["continue", "ok continue", "go on please", "続けて", "続けてください"])
def test_who_wants_to_go_on_is_asked_again(text: str) -> None:
    move = went(FINDER, {}, "place", text)
    assert (move.kind, move.state.asked, move.state.tries) == ("ask", "place", 0)


@pytest.mark.parametrize(("unit", "answered"), [("life-resigning#after-notify", True), (None, False)])
def test_a_question_asked_in_between_is_mended(unit: Optional[str], answered: bool) -> None:
    decision = Decision("likely", Memory())
    move = talk.go_on(FINDER, State({}, "place"), heard("no, I meant the garbage"), Memory(unit=unit), lambda: decision)
    assert (move.decision is decision) is answered


@pytest.mark.parametrize(
    ("text", "place"), [("ベトナムの料理人です", None), ("ベトナムです", "abroad"), ("ネパール人です", None), ("フィリピンにいます", "abroad")]
)
def test_where_somebody_is_from_is_not_where_they_are(text: str, place: Optional[str]) -> None:
    assert went(FINDER, {}, "place", text).state.answers.get("place") == place


@pytest.mark.parametrize("text", ["which visa fits me", "I want to know which visa fits me", "どのビザが合うか知りたい"])
def test_which_status_fits_is_the_wish_for_the_finder(text: str) -> None:
    assert FINDER.wished(heard(text)) and not FINDER.wished(heard("does my new job fit my visa?"))


@pytest.mark.parametrize(
    ("text", "leaving"),
    [
        ("going back home for good next month, checklist please", True),
        ("帰国するので、することのリストがほしい", True),
        ("checklist for my extension, I go back home in May", False),  # papers for an application all the same
        ("checklist for permanent residence", False),
    ],
)
def test_a_list_for_leaving_is_no_list_of_papers(text: str, leaving: bool) -> None:
    assert (CHECKLIST.told_by(heard(text)) is not None) is leaving


def test_where_a_degree_is_from_is_not_where_somebody_is() -> None:
    assert "place" not in went(FINDER, {}, "place", "i have a bachelor in IT from India").state.answers
