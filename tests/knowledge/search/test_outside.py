from knowledge.search.outside import OutsideClassifier
from knowledge.search.rows import TermRows


def bags(*words: str) -> dict[str, dict[str, float]]:
    return {"lemma": dict.fromkeys(words, 1.0), "concept": {}, "gram": {}}


INSIDE = [bags("visa", "renew"), bags("visa", "fee"), bags("card", "lose"), bags("card", "renew", "fee")] * 10
OUTSIDE = [bags("weather", "tomorrow"), bags("weather", "osaka"), bags("curry", "recipe"), bags("card", "trick")] * 2
ROWS = TermRows([*INSIDE, *OUTSIDE])


def probability(*words: str) -> float:
    return OutsideClassifier(ROWS.of(INSIDE), ROWS.of(OUTSIDE)).probability(ROWS.of([bags(*words)]))


def test_words_of_either_kind_decide_however_few_the_examples_of_one_are() -> None:
    assert probability("weather") > 0.8
    assert probability("visa", "fee") < 0.2
    assert probability("card", "trick") > probability("card") > probability("card", "renew")


def test_a_message_of_unknown_words_is_not_called_outside() -> None:
    assert probability("zebra") == 0.0
    assert probability() == 0.0
