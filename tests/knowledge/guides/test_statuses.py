"""The guide to the statuses: every way through the questions ends somewhere true, every outcome can be reached, and what it refers to is there."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Dict, Iterator, List

import pytest

from knowledge.articles import Library
from knowledge.documents import ContentError
from knowledge.guides.questionnaire import UNKNOWN, Answers
from knowledge.guides.statuses import MOST, Finding, faults, guide
from knowledge.languages import CONTENT

# The 29 statuses of residence, by the article about each. Technical Intern Training and Specified Skilled Worker have stages of one status.
STATUSES = set(
    """
    status-diplomat status-official status-professor status-artist status-religious-activities
    status-journalist status-hsp-1 status-business-manager status-legal-accounting status-medical-services
    status-researcher status-instructor status-engineer-humanities status-intra-company-transferee status-nursing-care
    status-entertainer status-skilled-labor status-ssw-1 status-technical-intern status-cultural-activities
    status-temporary-visitor status-student status-trainee status-dependent status-designated-activities
    status-permanent-resident status-spouse-japanese status-spouse-permanent-resident status-long-term-resident
    """.split()
)
# The other statuses and kinds of Designated Activities that the articles know.
KINDS = set(
    """
    status-hsp-2 status-j-skip status-ssw-2 status-esd status-da46
    status-internship status-job-hunting status-waiting-for-start status-j-find status-start-up
    status-digital-nomad status-working-holiday status-nikkei status-epa-care status-refugee
    """.split()
)


def ways(answers: Dict[str, str]) -> Iterator[Answers]:
    """Every complete set of answers."""
    question = next((one for one in guide().questions if one.id not in answers and one.applies(answers)), None)
    if question is None:
        yield answers
        return
    for option in [one.id for one in question.offered(answers)] + ([UNKNOWN] if question.optional else []):
        yield from ways({**answers, question.id: option})


@pytest.fixture(scope="module")
def everything() -> List[tuple[Answers, List[Finding]]]:
    return [(answers, guide().findings(answers)) for answers in ways({})]


def outcomes(**answers: str) -> List[str]:
    return [finding.outcome.id for finding in guide().findings(answers)]


def test_the_real_guide_has_no_faults(real: Library) -> None:
    assert [str(fault) for fault in faults(CONTENT, real)] == []


def test_every_way_ends_with_one_to_three_findings(everything: List[tuple[Answers, List[Finding]]]) -> None:
    assert len(everything) > 1000
    assert [answers for answers, found in everything if not 1 <= len(found) <= MOST] == []


def test_every_outcome_and_every_procedure_is_reached(everything: List[tuple[Answers, List[Finding]]]) -> None:
    found = [finding for _, findings in everything for finding in findings]
    assert {outcome.id for outcome in guide().outcomes} == {finding.outcome.id for finding in found}
    assert set(guide().procedures) == {finding.procedure.id for finding in found}


def test_all_statuses_are_reached(everything: List[tuple[Answers, List[Finding]]]) -> None:
    articles = {finding.outcome.article for _, findings in everything for finding in findings}
    assert len(STATUSES) == 29 and articles >= STATUSES
    assert articles >= KINDS


def test_the_unit_of_an_outcome_is_about_its_article(real: Library) -> None:
    for outcome in guide().outcomes:
        article = real.articles[real.units[outcome.unit].article]
        near = article.id == outcome.article or outcome.article in article.related or article.id in real.articles[outcome.article].related
        assert near or outcome.title or article.kind == "procedure", outcome.id


@pytest.mark.parametrize(
    ("answers", "first"),
    [
        ({"place": "abroad", "purpose": "job", "work": "office", "education": "abroad", "points": "fewer"}, "engineer_humanities"),
        ({"place": "abroad", "purpose": "job", "work": "office", "education": "abroad", "points": "enough"}, "hsp1"),
        ({"place": "abroad", "purpose": "job", "work": "office", "education": "japan", "points": "special"}, "j_skip"),
        ({"place": "abroad", "purpose": "job", "work": "office", "education": "none", "points": "unknown"}, "ssw1"),
        ({"place": "abroad", "purpose": "job", "work": "shop", "education": "japan", "japanese": "n1"}, "da46"),
        ({"place": "abroad", "purpose": "job", "work": "field", "field": "farm", "test": "passed"}, "ssw1"),
        ({"place": "abroad", "purpose": "job", "work": "field", "field": "farm", "test": "higher"}, "ssw2"),
        ({"place": "abroad", "purpose": "job", "work": "field", "field": "other", "test": "passed"}, "no_status"),
        ({"place": "abroad", "purpose": "job", "work": "licence", "licence": "care"}, "nursing_care"),
        ({"place": "japan", "now": "hsp1", "purpose": "stay", "settle": "permanent"}, "hsp2"),
        ({"place": "japan", "now": "free", "purpose": "job", "work": "field", "field": "food", "test": "none"}, "already_free"),
        ({"place": "japan", "now": "student", "purpose": "graduate", "hunt": "searching"}, "job_hunting"),
        ({"place": "abroad", "purpose": "family", "relation": "unsponsored"}, "unsponsored_family"),
        ({"place": "abroad", "purpose": "business", "business": "prepare"}, "start_up"),
    ],
)
def test_typical_people(answers: Dict[str, str], first: str) -> None:
    assert outcomes(**answers)[0] == first


@pytest.mark.parametrize(
    ("answers", "procedure"),
    [
        ({"place": "abroad", "purpose": "study", "study": "school"}, "coe"),
        ({"place": "japan", "now": "dependent", "purpose": "study", "study": "school"}, "change"),
        ({"place": "japan", "now": "student", "purpose": "study", "study": "school"}, "keep"),
        ({"place": "japan", "now": "visitor", "purpose": "study", "study": "school"}, "from_visitor"),
        ({"place": "abroad", "purpose": "visit", "visit": "holiday"}, "embassy"),
        ({"place": "abroad", "purpose": "stay", "settle": "permanent"}, "not_from_abroad"),
        ({"place": "japan", "now": "work", "purpose": "stay", "settle": "permanent"}, "permanent"),
        ({"place": "abroad", "purpose": "graduate", "hunt": "searching"}, "ask"),
    ],
)
def test_the_procedure_follows_from_where_somebody_is(answers: Dict[str, str], procedure: str) -> None:
    assert guide().findings(answers)[0].procedure.id == procedure


def test_what_the_answers_contradict_is_missing_and_what_was_not_asked_is_open() -> None:
    (finding,) = [one for one in guide().findings({"place": "abroad", "purpose": "job", "work": "shop", "education": "japan", "japanese": "n2"})
                  if one.outcome.id == "da46"]  # fmt: skip
    assert ["N1" in need.text["en"] for need in finding.missing] == [True]
    assert len(finding.open) == 1


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("outcomes.yaml", "unit: status-student#what", "unit: status-student#whatever", "no unit 'status-student#whatever'"),
        ("outcomes.yaml", "article: status-student\n", "article: status-astronaut\n", "no article 'status-astronaut'"),
        ("outcomes.yaml", "{study: [school]}", "{study: [moon]}", "has no answer 'moon'"),
        ("outcomes.yaml", "{study: [school]}", "{studies: [school]}", "no question 'studies'"),
        ("outcomes.yaml", "procedure: from_visitor", "procedure: from_mars", "no procedure 'from_mars'"),
        ("outcomes.yaml", "{sk.cook.thai}", "{sk.cook.decades}", "no fact of this name"),
        ("outcomes.yaml", "- id: trainee\n", "- id: student\n", "there twice"),
        ("outcomes.yaml", "- id: trainee\n", "- id: trainee\n  colour: red\n", "colour"),
        ("questions.yaml", "ja: 今、どこにいますか。", "tlh: nuq", "(ja) is missing"),
    ],
)
def test_faults_are_named_with_file_and_line(real: Library, tmp_path: Path, file: str, old: str, new: str, message: str) -> None:
    shutil.copytree(CONTENT / "guide", tmp_path / "guide")
    path = tmp_path / "guide" / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    found = faults(tmp_path, real)
    assert any(fault.path == path and fault.line and message in fault.message for fault in found), [str(fault) for fault in found]


def test_a_folder_without_a_guide_has_no_faults_and_a_broken_one_is_not_used(real: Library, tmp_path: Path) -> None:
    assert faults(tmp_path, real) == []
    (tmp_path / "guide").mkdir()
    (tmp_path / "guide" / "questions.yaml").write_text("questions: [", "utf-8")
    (tmp_path / "guide" / "outcomes.yaml").write_text("outcomes: 1", "utf-8")
    assert faults(tmp_path, real)
    with pytest.raises(ContentError):
        guide.__wrapped__(tmp_path)
