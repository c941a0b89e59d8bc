from scipy import sparse

from knowledge.search.matrix import Vocabulary
from knowledge.search.outside import OutsideClassifier
from knowledge.search.rows import TermRows
from tests.knowledge.search.bags import of_words

INSIDE = ["visa renew", "visa fee", "card lose", "card renew fee"] * 10
OUTSIDE = ["weather tomorrow", "weather osaka", "curry recipe", "card trick"] * 2
VOCABULARY = Vocabulary()
COUNTS = VOCABULARY.counts(of_words(dict.fromkeys(text.split(), 1.0)) for text in [*INSIDE, *OUTSIDE])
ROWS = TermRows(COUNTS)


def probability(*words: str) -> float:
    rows = ROWS.of(COUNTS)
    return probability_by(OutsideClassifier(rows[: len(INSIDE)], rows[:0], rows[len(INSIDE) :]), *words)


def probability_by(made: OutsideClassifier, *words: str) -> float:
    return made.probability(ROWS.row(VOCABULARY.words(of_words(dict.fromkeys(words, 1.0)))))


def test_words_of_either_kind_decide_however_few_the_examples_of_one_are() -> None:
    assert probability("weather") > 0.8
    assert probability("visa", "fee") < 0.2
    assert probability("card", "trick") > probability("card") > probability("card", "renew")


def test_a_message_of_unknown_words_is_not_called_outside() -> None:
    assert probability("zebra") == 0.0
    assert probability() == 0.0


def test_one_text_said_to_be_inside_outweighs_its_likeness_to_others() -> None:
    rows = ROWS.of(COUNTS)
    known, outside = rows[: len(INSIDE)], rows[len(INSIDE) :]
    one = ROWS.row(VOCABULARY.words(of_words({"curry": 1.0})))
    curry = sparse.csr_matrix((one.weights, one.columns, [0, len(one.columns)]), shape=(1, rows.shape[1]))
    assert probability_by(OutsideClassifier(known, curry, outside), "curry") < probability_by(OutsideClassifier(known, rows[:0], outside), "curry")
