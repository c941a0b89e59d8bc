"""The talk around forms, on a small form of its own: pure functions on a state, and the action as the action server runs it."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Dict, List, Optional, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.answer import ActionAnswer
from actions.choose import ActionChoose
from actions.decision import FORM, Decision
from actions.forms import reading, talk
from actions.forms.form import Form, Heard, Say, State
from actions.forms.talk import Move
from actions.forms.validation import REQUESTED, TALK, FormValidation
from actions.memory import Memory
from actions.points import PointsForm
from bot.nlu.dates import find_dates, iso
from bot.nlu.quantities import find_quantities
from knowledge.articles import FormStart
from knowledge.documents import Document, read_document
from knowledge.guides.questionnaire import MAX_TITLE, UNKNOWN, Answers, Question, read_questions
from knowledge.languages import languages
from tests.actions.conftest import UNSURE, Conversation, how_sure, rendered
from tests.tiny import ODD_MESSAGES, ascii_start

QUESTIONS = """\
questions:
- id: degree
  kind: choice
  entity: degree
  ask: {en: Which degree do you have?, ja: 学位は何ですか。}
  label: {en: Degree, ja: 学位}
  hint: {en: "For example: master's.", ja: 例：修士}
  names: {en: [degree], ja: [学歴]}
  options:
  - {id: master, label: {en: Master's degree, ja: 修士}, words: {en: [master], ja: [大学院]}}
  - {id: bachelor, label: {en: Bachelor's degree, ja: 学士}, words: {en: [bachelor], ja: [大卒]}}
  - {id: none, label: {en: No degree, ja: 学位なし}}
- id: salary
  kind: money
  low: 100000
  ask: {en: How much do you earn a year?, ja: 年収はいくらですか。}
  label: {en: Yearly pay, ja: 年収}
  hint: {en: For example 6.5 million., ja: 例：650万}
  names: {en: [salary, pay], ja: [給料]}
  options:
  - {id: '3000000', label: {en: 3 million or more, ja: 300万円以上}}
- id: age
  kind: age
  low: 16
  high: 99
  ask: {en: How old are you?, ja: 何歳ですか。}
  label: {en: Age, ja: 年齢}
  hint: {en: A number such as 29., ja: 例：29歳}
- id: extras
  kind: many
  ask: {en: Which of these do you have?, ja: どれがありますか。}
  label: {en: Extras, ja: 加点}
  hint: {en: Tap what you have., ja: 選んでください。}
  options:
  - {id: n1, label: {en: JLPT N1, ja: N1合格}, words: {en: [n1], ja: [n1]}}
  - {id: patent, label: {en: A patent, ja: 特許}, words: {en: [patent]}}
  - {id: paper, label: {en: Papers, ja: 論文}, words: {en: [paper]}}
- id: company
  kind: choice
  optional: true
  when: {degree: [master, bachelor]}
  ask: {en: Is the company small?, ja: 中小企業ですか。}
  label: {en: Company, ja: 会社}
  hint: {en: Yes or no., ja: はい、いいえ}
  options:
  - {id: small, label: {en: Small company, ja: 中小企業}, words: {en: ['yes', small], ja: [はい]}}
  - {id: large, label: {en: Large company, ja: 大企業}, words: {en: ['no', large], ja: [いいえ]}}
"""


def questions_of(folder: Path, text: str = QUESTIONS) -> Document:
    path = folder / "demo.yaml"
    path.write_text(text, encoding="utf-8")
    return read_document(path)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Form:
    questions, faults = read_questions(questions_of(tmp_path_factory.mktemp("demo")))
    assert faults == []

    class DemoForm(Form):
        name = "demo"

        def questions(self) -> Sequence[Question]:
            return questions

        def finish(self, answers: Answers, language: str, day: dt.date) -> List[Say]:
            return [Say("utter_pointer", {"pointer": f"RESULT {sorted(answers)}"})]

    return DemoForm()


def heard(text: str, intent: str = "unclear", confidence: float = 0.9, language: str = "en") -> Heard:
    """A message with the values that the bot's own extractor finds in it."""
    entities: List[Dict[str, Any]] = [
        {"entity": one.kind, "value": one.value, "start": one.start, "end": one.end, "per": one.per} for one in find_quantities(text)
    ]
    spans = find_dates(text, dt.date(2026, 11, 22))
    entities += [{"entity": "date", "value": value, "start": span.start, "end": span.end} for span, value in zip(spans, iso(spans))]
    return Heard(text, language, intent, confidence, tuple(entities))


def decided(kind: str = "unsure", certainty: float = 0.0) -> Any:
    return lambda: Decision(kind, Memory(), certainty=certainty)


def unreachable() -> Decision:
    raise AssertionError("the message was taken for a question")


class Talk:
    """A form talked to, message by message, without Rasa."""

    def __init__(self, form: Form, text: str = "go", intent: str = "start") -> None:
        self.form = form
        self.move = talk.begin(form, heard(text, intent))

    def say(self, text: str, intent: str = "unclear", confidence: float = 0.9, decide: Any = unreachable, memory: Optional[Memory] = None) -> Move:
        self.move = talk.go_on(self.form, self.move.state, heard(text, intent, confidence), memory or Memory(), decide)
        return self.move

    @property
    def answers(self) -> Answers:
        return self.move.state.answers

    @property
    def asked(self) -> Optional[str]:
        return self.move.state.asked


# --- answers ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "answers"),
    [
        (
            ["Master's degree", "6.5 million", "29", "None of these", "Small company"],
            {"degree": "master", "salary": 6_500_000, "age": 29, "extras": [], "company": "small"},
        ),
        (
            ["修士です", "650万", "二十九歳", "どれもありません", "大企業"],
            {"degree": "master", "salary": 6_500_000, "age": 29, "extras": [], "company": "large"},
        ),
        (
            ["1", "650", "二十九", "n1 and a patent", "no"],
            {"degree": "master", "salary": 6_500_000, "age": 29, "extras": ["n1", "patent"], "company": "large"},
        ),
        (
            ["大学院", "年収は六百五十万円です", "29歳", "なし", "分かりません"],
            {"degree": "master", "salary": 6_500_000, "age": 29, "extras": [], "company": UNKNOWN},
        ),
        (["no degree", "300,000 yen a month", "I'm 29", "1", "That's all"], {"degree": "none", "salary": 3_600_000, "age": 29, "extras": ["n1"]}),
        (["no degree, 29 years old, 5 million yen", "none"], {"degree": "none", "salary": 5_000_000, "age": 29, "extras": []}),
        (["学位なし", "7.25m", "29 years", "論文", "以上です"], {"degree": "none", "salary": 7_250_000, "age": 29, "extras": ["paper"]}),
    ],
)
def test_answers_by_taps_and_in_free_words(demo: Form, texts: List[str], answers: Dict[str, Any]) -> None:
    person = Talk(demo)
    for text in texts:
        assert not person.move.ends
        person.say(text)
    assert person.move.kind == "done"
    assert person.answers == answers


def test_the_first_message_may_bring_answers(demo: Form) -> None:
    person = Talk(demo, "please count for me: master, 29 years old")
    assert person.answers == {"degree": "master", "age": 29}
    assert person.asked == "salary"
    assert [question.id for question, _ in person.move.noted] == ["degree", "age"]


def test_a_tap_is_taken_in_silence_and_free_words_are_said_back(demo: Form) -> None:
    person = Talk(demo)
    assert person.say("Master's degree").noted == ()
    (noted,) = person.say("about 6.5 million").noted
    assert (noted[0].id, noted[1]) == ("salary", 6_500_000)


@pytest.mark.parametrize("text", ["12", "120", "-3", "29 or 30 maybe or what"])
def test_a_number_that_makes_no_sense_is_no_answer(demo: Form, text: str) -> None:
    person = Talk(demo, "master, 5 million yen")
    assert person.asked == "age"
    assert person.say(text, decide=decided()).kind == "again"
    assert "age" not in person.answers


@pytest.mark.parametrize(
    ("text", "picked"), [("no N1, but a patent", ("patent",)), ("n1はありませんが、特許", ("patent",)), ("a patent", ("patent",))]
)
def test_what_is_denied_is_not_picked(demo: Form, text: str, picked: Sequence[str]) -> None:
    person = Talk(demo, "master, 29 years old, 5 million yen")
    assert person.asked == "extras"
    assert person.say(text).state.picked == picked
    assert person.move.kind == "more"


def test_one_of_many_after_the_other(demo: Form) -> None:
    person = Talk(demo, "no degree, 29 years old, 5 million yen")
    assert person.say("JLPT N1").kind == "more"
    assert person.say("1").state.picked == ("n1", "patent")  # the numbers are those of the buttons that are left
    assert person.say("Papers").kind == "done"
    assert person.answers["extras"] == ["n1", "patent", "paper"]


@pytest.mark.parametrize(
    ("text", "degree"),
    [("the second one", "bachelor"), ("second", "bachelor"), ("2nd option please", "bachelor"), ("二番目", "bachelor"), ("2番です", "bachelor")],
)
def test_an_option_is_chosen_by_its_place_in_words(demo: Form, text: str, degree: str) -> None:
    assert Talk(demo).say(text).state.answers == {"degree": degree}


@pytest.mark.parametrize("text", ["the fifth one", "second thoughts", "one second", "九番目"])
def test_a_place_that_is_none_chooses_nothing(demo: Form, text: str) -> None:
    assert Talk(demo).say(text, decide=decided()).state.answers == {}


@pytest.mark.parametrize("text", ["b", "B", "(b)", "type b", "ロ", "ロです"])
def test_an_option_is_chosen_by_the_letter_of_its_title(text: str) -> None:
    assert Talk(PointsForm()).say(text).state.answers == {"type": "b"}


@pytest.mark.parametrize("text", ["I am 29, master's, 6.5 million, do I reach 70?", "29歳、修士、年収650万円です。70点に届きますか"])
def test_answers_told_before_it_is_known_whether_they_count_are_kept(text: str) -> None:
    person = Talk(PointsForm(), text)
    assert person.asked == "type"
    assert person.answers == {"degree": "master", "salary": 6_500_000, "age": 29}
    person.say("1")
    assert person.answers["age"] == 29


def test_they_are_dropped_when_they_turn_out_not_to_count() -> None:
    person = Talk(PointsForm(), "I am 29, master's")
    person.say("c")  # the table of managers has no row for age
    assert person.answers == {"type": "c", "degree": "master"}


def test_words_that_answer_a_later_question_are_noted(demo: Form) -> None:
    person = Talk(demo, "5 million yen")
    assert person.say("it is a small company", decide=decided()).kind == "ask"
    assert (person.asked, dict(person.answers)) == ("degree", {"salary": 5_000_000, "company": "small"})
    assert [question.id for question, _ in person.move.noted] == ["company"]
    assert person.say("no degree").state.answers == {"salary": 5_000_000, "degree": "none"}


# --- corrections --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("no, my salary is 7 million", {"salary": 7_000_000}),
        ("いえ、年収は700万円です", {"salary": 7_000_000}),
        ("sorry, I have a bachelor's degree", {"degree": "bachelor"}),
        ("いえ、大卒です", {"degree": "bachelor"}),
        ("actually 7 million yen and a bachelor's degree", {"salary": 7_000_000, "degree": "bachelor"}),
    ],
)
def test_an_earlier_answer_is_corrected(demo: Form, text: str, changed: Dict[str, Any]) -> None:
    person = Talk(demo, "master, 5 million yen")
    person.say(text)
    assert person.answers == {"degree": "master", "salary": 5_000_000, **changed}
    assert person.asked == "age"
    assert {question.id for question, _ in person.move.noted} == set(changed)


@pytest.mark.parametrize("text", ["change my salary", "年収を変えたい"])
def test_a_question_is_asked_again_when_it_is_named_without_an_answer(demo: Form, text: str) -> None:
    person = Talk(demo, "master, 5 million yen")
    assert person.say(text).state == State({"degree": "master"}, "salary")
    assert person.say("7 million").state.asked == "age"


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        ("master, 31", {"degree": "master", "age": 31}),
        ("修士です。31です", {"degree": "master", "age": 31}),
        ("master, 5 years", {"degree": "master"}),
        ("master, 7 or 8", {"degree": "master"}),
    ],
)
def test_a_bare_number_beside_an_answer_is_the_age(demo: Form, text: str, answers: Dict[str, Any]) -> None:
    person = Talk(demo)
    assert person.say(text).state.answers == answers


@pytest.mark.parametrize("text", ["like 5.8m I guess", "well, it's five point eight million", "たぶん580万だと思います", "580まんえん"])
def test_pay_is_read_among_fillers(demo: Form, text: str) -> None:
    assert Talk(demo, "master").say(text).state.answers["salary"] == 5_800_000


@pytest.mark.parametrize("text", ["oh no wait, my pay is 8m, they just told me", "すみません、給料は800万になりました"])
def test_a_named_amount_mends_the_answer_whatever_is_asked(demo: Form, text: str) -> None:
    person = Talk(demo, "master, 29 years old, 5 million yen")
    assert person.asked == "extras"
    assert person.say(text).state.answers["salary"] == 8_000_000
    assert person.asked == "extras"


def test_a_name_inside_an_answer_does_not_ask_that_question_again(demo: Form) -> None:
    person = Talk(PointsForm(), "researcher, PhD, 33 years old, 5 million yen, 6 years of experience, N2")
    person.say("none")
    assert person.asked == "person"
    assert person.say("I studied at a Japanese university").kind == "more"
    assert person.answers["japanese"] == "n2"
    assert person.say("that's all").state.asked == "employer"


def test_a_name_in_a_message_that_mends_nothing_does_not_ask_that_question_again(demo: Form) -> None:
    person = Talk(demo, "master, 5 million yen")
    assert person.say("my salary depends on the boss a lot", decide=decided()).state == State({"degree": "master", "salary": 5_000_000}, "age", (), 1)


def test_what_no_longer_applies_is_dropped(demo: Form) -> None:
    person = Talk(demo, "master, 29 years old, 5 million yen")
    person.say("None of these")
    assert person.asked == "company"
    assert person.say("sorry, no degree").kind == "done"
    assert "company" not in person.answers


@pytest.mark.parametrize("text", ["back", "戻る", "can we go back please", "前の質問に戻ってください", "ひとつ前に戻りたいです"])
def test_back_to_the_question_before(demo: Form, text: str) -> None:
    person = Talk(demo, "master, 5 million yen")
    person.say(text)
    assert (person.asked, dict(person.answers)) == ("salary", {"degree": "master"})
    person.say(text)
    assert (person.asked, dict(person.answers)) == ("degree", {})
    assert person.say(text).kind == "ask"


# --- cancel, restart, a person ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["cancel", "Cancel.", "stop", "やめる", "キャンセル", "やっぱりやめます", "please cancel this", "もういいです"])
def test_cancel(demo: Form, text: str) -> None:
    assert Talk(demo, "master").say(text, "ask_fee").kind == "cancelled"


@pytest.mark.parametrize(
    "text", ["start over", "最初から", "やり直す", "Start again", "ok let's start all over, I mixed it up", "最初からもう一度やり直したいです"]
)
def test_restart(demo: Form, text: str) -> None:
    person = Talk(demo, "master, 5 million yen")
    assert person.say(text, "restart_topic").state == State({}, "degree")


@pytest.mark.parametrize(
    ("intent", "kind"), [("request_human", "person"), ("complain", "complaint"), ("report_danger", "danger"), ("restart_topic", "cancelled")]
)
def test_wishes_that_interrupt_need_a_sure_intent(demo: Form, intent: str, kind: str) -> None:
    assert Talk(demo).say("bring me somebody", intent).kind == kind
    assert Talk(demo).say("bring me somebody", intent, 0.4, decided()).kind == "again"


@pytest.mark.parametrize("text", ["Talk to a person", "担当者と話す", "Too many questions! Human please", "面倒だな。人と話したい"])
def test_the_button_for_a_person_needs_no_intent(demo: Form, text: str) -> None:
    assert Talk(demo).say(text, "thank").kind == "person"


def test_a_person_that_was_offered(demo: Form) -> None:
    person = Talk(demo)
    assert person.say("yes", "affirm", memory=Memory(handoff="offered")).kind == "person"
    assert Talk(demo).say("no", "deny", memory=Memory(handoff="offered")).kind == "refused"


# --- questions in between, and nonsense ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["what counts as a degree?", "how many points is N1?", "修士とは何ですか", "手数料はいくらですか", "does a master's degree count"]
)
@pytest.mark.parametrize("kind", ["answer", "likely", "choice", "unsure", "out_of_scope"])
def test_a_question_is_answered_and_the_form_asks_again(demo: Form, text: str, kind: str) -> None:
    person = Talk(demo)
    before = person.move.state
    move = person.say(text, "ask_what", decide=decided(kind))
    assert (move.kind, move.state) == ("ask", before)
    assert move.decision is not None and move.decision.kind == kind


def test_an_answer_and_a_question_in_one_message(demo: Form) -> None:
    person = Talk(demo, "master")
    move = person.say("6.5 million yen. What counts as pay?", decide=decided("answer"))
    assert person.answers["salary"] == 6_500_000
    assert move.decision is not None
    assert person.asked == "age"


def test_a_button_of_an_answer_in_between(demo: Form) -> None:
    memory = Memory(offered=({"title": "Renewing it", "target": "procedure-extension#papers"},))
    assert Talk(demo).say("Renewing it", memory=memory, decide=decided("answer")).decision is not None


@pytest.mark.parametrize("intent", ["thank", "greet", "ask_identity", "repeat", "switch_language"])
def test_small_talk_does_not_count_as_nonsense(demo: Form, intent: str) -> None:
    person = Talk(demo)
    for _ in range(5):
        assert person.say("well", intent).kind == "ask"


def test_nonsense_is_asked_again_twice_and_then_the_choices_come(demo: Form) -> None:
    person = Talk(demo)
    kinds = [person.say("blub blab", decide=decided()).kind for _ in range(4)]
    assert kinds == ["again", "again", "choices", "choices"]
    assert person.say("bachelor").state.tries == 0


def test_who_does_not_know_gets_the_choices(demo: Form) -> None:
    assert Talk(demo).say("I don't know").kind == "choices"


@given(
    st.lists(
        st.text(max_size=60) | st.sampled_from([*ODD_MESSAGES[:12], "master", "29", "back", "6.5 million", "N1", "no", "2", "why?"]), max_size=12
    )
)
def test_whatever_is_said_the_form_stands_at_a_question_or_ends(demo: Form, texts: List[str]) -> None:
    person = Talk(demo)
    for text in texts:
        person.say(text, decide=decided())
        if person.move.ends:
            break
        question = demo.question(person.asked)
        assert question is not None and question.applies(person.answers)
        assert person.move.state.tries <= talk.TRIES + 1
        assert set(person.answers) <= {one.id for one in demo.questions()}


# --- the action, as the action server runs it ------------------------------------------------------------------------------------------


@pytest.fixture
def action(demo: Form) -> FormValidation:
    class DemoValidation(FormValidation):
        form: ClassVar[Form] = demo

    return DemoValidation()


class Filling:
    """A form filled over the action server's own classes; Rasa's part is played as rasa/core/actions/forms.py does it."""

    def __init__(self, action: FormValidation, around: Conversation) -> None:
        self.action, self.around, self.active = action, around, False
        self.also: List[Dict[str, Any]] = []  # intents ranked behind the first
        self.events: List[Dict[str, Any]] = []

    def say(self, text: str, language: str = "en", intent: str = "unclear", asked: Optional[str] = None) -> List[Dict[str, Any]]:
        found = heard(text, intent, language=language)
        parsed = {
            "text": text,
            "intent": {"name": intent, "confidence": found.confidence},
            "intent_ranking": [{"name": intent, "confidence": found.confidence}, *self.also],
            "entities": list(found.entities),
            "language": {"code": language, "asked": asked},
        }
        self.around.events.append({"event": "user", "text": text, "parse_data": parsed, "metadata": {}})
        if not self.active:
            self.around.events.append({"event": "active_loop", "name": self.action.form.loop})
        dispatcher = CollectingDispatcher()
        tracker = Tracker(
            "ann", dict(self.around.slots), parsed, list(self.around.events), False, None, {"name": self.action.form.loop}, "action_listen"
        )
        self.events = asyncio.run(self.action.run(dispatcher, tracker, {}))
        assert [event["name"] for event in self.events].count(REQUESTED) == 1
        assert {event["name"] for event in self.events} - {REQUESTED}
        changed = [event["name"] for event in self.events if event["name"] not in (REQUESTED, TALK)]
        assert len(changed) == len(set(changed))
        assert all(self.around.slots.get(event["name"]) != event["value"] for event in self.events if event["name"] in changed)
        self.around.slots.update({event["name"]: event["value"] for event in self.events})
        self.active = self.around.slots[REQUESTED] is not None
        self.messages = dispatcher.messages
        return self.messages

    def text(self) -> str:
        return "\n".join(rendered(message) for message in self.messages)

    @property
    def choices(self) -> List[str]:
        return list(self.messages[-1]["choices"])


@pytest.fixture
def filling(action: FormValidation, talk: Conversation) -> Filling:
    return Filling(action, talk)


def test_a_whole_form_in_english(filling: Filling) -> None:
    filling.say("go", intent="start")
    assert "Which degree do you have?" in filling.text()
    assert filling.choices == ["Master's degree", "Bachelor's degree", "No degree"]
    filling.say("I have a bachelor's degree")
    assert "Noted – Degree: Bachelor's degree" in filling.text()
    assert filling.choices == []
    filling.say("How much is the extension?", intent="ask_fee")
    assert "6,000 yen" in filling.messages[0]["answer"]
    assert filling.text().endswith("How much do you earn a year?")
    filling.say("6.5 million")
    assert "6,500,000 yen" in filling.text()
    filling.say("no, my salary is 7 million")
    assert "7,000,000 yen" in filling.text() and "How old are you?" in filling.text()
    filling.say("29")
    filling.say("A patent")
    assert filling.choices == ["JLPT N1", "Papers", "That's all"]
    filling.say("That's all")
    assert filling.choices == ["Small company", "Large company", "I don't know"]
    filling.say("Small company")
    assert "RESULT" in filling.text()
    assert not filling.active
    assert {value for name, value in filling.around.slots.items() if name.startswith("demo_")} == {None}  # the demo keeps no answers


def test_a_whole_form_in_japanese(filling: Filling) -> None:
    filling.say("始めます", "ja", "start")
    filling.say("修士です", "ja")
    assert "学位：修士、ですね。" in filling.text()
    filling.say("手数料はいくらですか", "ja", "ask_fee")
    assert filling.text().endswith("年収はいくらですか。")
    filling.say("650万", "ja")
    assert "6,500,000円" in filling.text()
    filling.say("二十九歳", "ja")
    filling.say("いえ、大卒です", "ja")
    assert "学士" in filling.text()
    filling.say("なし", "ja")
    filling.say("はい", "ja", "affirm")
    assert "RESULT" in filling.text()


def test_cancel_drops_the_answers(filling: Filling) -> None:
    filling.say("go, master", intent="start")
    filling.say("やめる", "ja")
    assert filling.messages[-1]["response"] == "utter_form_cancelled"
    assert not filling.active
    assert filling.around.slots["demo_degree"] is None


def test_a_person_takes_over(filling: Filling) -> None:
    filling.say("go", intent="start")
    filling.say("Talk to a person", intent="request_human")
    assert filling.messages[-1]["custom"]["handoff"]["state"] == "requested"
    assert not filling.active


def test_a_complaint_offers_a_person_and_no_goes_on(filling: Filling) -> None:
    filling.say("go", intent="start")
    filling.say("this is useless", intent="complain")
    assert filling.messages[-1]["custom"]["handoff"]["state"] == "offered"
    assert filling.active
    filling.say("No, thank you", intent="deny")
    assert "Which degree do you have?" in filling.text()
    assert filling.around.slots["handoff"] is None


def test_somebody_in_danger_is_not_asked_for_a_degree(filling: Filling) -> None:
    filling.say("go", intent="start")
    filling.say("my boss beats me", intent="report_danger")
    assert not filling.active
    assert any(message["custom"].get("handoff") for message in filling.messages)


def test_nonsense_ends_in_choices(filling: Filling) -> None:
    how_sure(UNSURE)
    filling.say("go, master", intent="start")
    for _ in range(2):
        filling.say("blub blab")
        assert "For example 6.5 million." in filling.text()
    filling.say("blub blab")
    assert filling.choices == ["3 million or more", "Cancel", "Talk to a person"]
    filling.say("3 million or more")
    assert filling.around.slots["demo_salary"] == 3_000_000


def test_another_language_in_the_middle(filling: Filling) -> None:
    filling.say("go", intent="start")
    filling.say("日本語で", "ja", "switch_language", asked="ja")
    assert "学位は何ですか。" in filling.text()
    filling.say("master", "en")
    assert filling.messages[-1]["language"] == "ja"


def test_a_number_of_a_card_is_warned_about(filling: Filling) -> None:
    filling.say("go", intent="start")
    filling.say("master, my residence card is AB12345678CD")
    assert any(note["reply"] == "utter_part_personal_number" for note in filling.messages[-1]["notes"])
    assert "12345678" not in str(filling.events)


@pytest.mark.parametrize("text", ODD_MESSAGES, ids=ascii_start)
def test_odd_messages_get_a_reply(filling: Filling, text: str) -> None:
    how_sure(UNSURE)
    filling.say("go", intent="start")
    filling.say(text)
    assert filling.text().strip()


def test_the_memory_of_a_form_stays_small(filling: Filling) -> None:
    how_sure(UNSURE)
    filling.say("go", intent="start")
    filling.say("blub blab")
    filling.say("blub blab")
    filling.say("blub blab")
    filling.say("blub blab")
    assert [event["name"] for event in filling.events] == [TALK, REQUESTED]


# --- the button that starts a form --------------------------------------------------------------------------------------------------------


def test_a_form_is_offered_under_its_answers_and_begins_when_its_number_is_typed(talk: Conversation, monkeypatch: pytest.MonkeyPatch) -> None:
    from actions.counter import counter

    start = FormStart("demo", "start_demo", {"en": "Count for me", "ja": "数える"}, ("procedure-extension",))
    monkeypatch.setitem(counter().library.forms, "demo", start)
    said = talk.say(ActionAnswer(), "How much is the extension?")
    assert said.messages[0]["choices"][0] == "Count for me"
    assert talk.slots["offered"][0] == {"title": "Count for me", "target": f"{FORM}demo"}
    tracker = Tracker("ann", dict(talk.slots), {"text": "1", "intent": {"name": "choose"}}, [], False, None, {}, "action_listen")
    events = asyncio.run(ActionChoose().run(CollectingDispatcher(), tracker, {}))
    assert {"event": "followup", "timestamp": None, "name": "demo_form"} in events


@pytest.mark.parametrize(
    ("text", "articles", "begun"),
    [
        ("How much is the extension?", ("status-student",), False),  # a question with a sure answer elsewhere
        ("How much is the extension?", ("procedure-extension",), False),  # word for word a question that the form does not answer
        ("I ask how much the extension would be?", ("procedure-extension",), True),  # in other words, the form's own subject
        ("Count for me?", ("status-student",), True),  # its button, typed
        ("I earn 6.5 million", ("status-student",), True),  # no question
        ("How much would it be with a sdkjfh dfjk and a lkj?", ("status-student",), True),  # no sure answer
    ],
)
def test_a_question_with_a_sure_answer_begins_no_form(
    filling: Filling, monkeypatch: pytest.MonkeyPatch, text: str, articles: tuple[str, ...], begun: bool
) -> None:
    from actions.counter import counter

    monkeypatch.setitem(counter().library.forms, "demo", FormStart("demo", "start_demo", {"en": "Count for me", "ja": "数える"}, articles))
    how_sure({"sure": 0.85})
    filling.say(text, intent="start_demo")
    assert filling.active is begun
    assert ("6,000 yen" in filling.text()) is not begun
    if not begun:
        assert filling.choices[0] == "Count for me"


# --- questions as content -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("kind: money", "kind: gold", "'gold' is not one of"),
        ("ask: {en: How old are you?, ja: 何歳ですか。}", "ask: {en: How old are you?}", "日本語"),
        ("label: {en: Age, ja: 年齢}", "label: {en: Age, ja: 年齢, xx: x}", "'xx' is not in languages.yaml"),
        ("id: age", "id: salary", "is there twice"),
        ("when: {degree: [master, bachelor]}", "when: {degree: [doctor]}", "has no option 'doctor'"),
        ("when: {degree: [master, bachelor]}", "when: {nothing: [a]}", "is not a question before this one"),
        ("{id: paper,", "{id: patent,", "the option 'patent' is there twice"),
        ("{en: Papers, ja: 論文}", "{en: " + "Papers " * 9 + ", ja: 論文}", f"the limit is {MAX_TITLE}"),
        ("kind: many", "kind: text", "a question of kind text has no options"),
    ],
)
def test_faults_of_questions_have_a_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    place = QUESTIONS.index(old)
    line = QUESTIONS[:place].count("\n") + 1
    _, faults = read_questions(questions_of(tmp_path, QUESTIONS[:place] + new + QUESTIONS[place + len(old) :]))
    assert any(message in fault.message and fault.line == line for fault in faults), [str(fault) for fault in faults]


@pytest.mark.parametrize("language", languages())
def test_the_talk_has_its_buttons_and_words_in_every_language(language: str) -> None:
    words = read_document(Path(reading.__file__).with_name("words.yaml")).data
    for name, texts in words["titles"].items():
        assert texts[language], name
        assert reading.is_whole(name, texts[language])
    assert all(rows[language] for rows in words["whole"].values())
    assert all(language in rows for name, rows in words["patterns"].items() if name != "parts")


def test_heard_values_stand_in_their_order() -> None:
    assert replace(heard("N2, then N1")).values("jlpt") == ["N2", "N1"]
