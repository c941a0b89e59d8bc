"""Whether a message is none of the assistant's business: the weather, another country's visa."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from pathlib import Path

from knowledge.analysis import normalised
from knowledge.documents import read_document
from knowledge.field import in_our_field
from knowledge.search.index import WORD_FOR_WORD, Found

# A message is about something else when its odds of that, by the search and by the intents, outweigh the odds that the first hit is what was asked,
# a subject named in it, a word that means too much alone (visa, work), and one of our field (sponsor, 期限: knowledge/field.yaml). A logistic
# regression on knowledge/calibration and on questions written for development, with the bias then moved by 0.7: of 240 messages outside, written
# blind, 91 and 97 % are seen (en, ja) where 86 and 92 were; of 120 of ours in odd words 3 are taken for them, as before; of 817 plain ones of ours 3,
# where 1 was. Who is sent away wrongly finds the nearest questions under it, unless the odds are above CLEAR.
_WEIGHTS = {"outside": 0.68, "intent": 1.1, "certainty": -0.92, "named": -0.49, "choice": -1.15, "field": -1.14}
_BIAS = 1.3
CLEAR = 3.2
_LEAST, _LEAST_INTENT = 1e-4, 0.02  # a probability below this says no more; intents that are not ranked have none


def odds_outside(text: str, found: Found, intent: float, choice: bool = False) -> float:
    """The log odds that a message is about something else: above 0, it is taken to be; above CLEAR, there is hardly a doubt.

    `found`: what the search found for it; `intent`: the probability of the intent `out_of_scope`; `choice`: whether a word of ours that means too
    much alone stands in it.
    """
    if found.certainty >= WORD_FOR_WORD:
        return -math.inf
    if names_another_country(text):
        return math.inf
    score = _BIAS + _WEIGHTS["outside"] * _log_odds(found.outside) + _WEIGHTS["intent"] * _log_odds(max(intent, _LEAST_INTENT))
    score += _WEIGHTS["certainty"] * _log_odds(found.certainty)
    score += _WEIGHTS["named"] * any(not mention.by_sound for mention in found.mentions)
    return score + _WEIGHTS["choice"] * choice + _WEIGHTS["field"] * in_our_field(text)


def names_another_country(text: str) -> bool:
    """Whether a message asks about another country's permits, or about work or life there ("Canadian visa", 韓国で働きたい)."""
    return _other_country().search(normalised(text)) is not None


def _log_odds(probability: float) -> float:
    kept = min(max(probability, _LEAST), 1 - _LEAST)
    return math.log(kept / (1 - kept))


@lru_cache(maxsize=1)
def _other_country() -> re.Pattern[str]:
    """One pattern for all of other_countries.yaml, with its lists of words in their places."""
    table = read_document(Path(__file__).with_name("other_countries.yaml")).data
    words = {name: "|".join(re.escape(one) for one in sorted(table[name], key=len, reverse=True)) for name in ("countries", "peoples", "permits")}
    return re.compile("|".join(f"(?:{one})" for one in table["patterns"]).replace("{", "(?:{").replace("}", "})").format(**words))
