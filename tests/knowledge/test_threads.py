"""The desk searches in threads, and MeCab keeps the words of the last text inside its tagger."""

from __future__ import annotations

import sys
import threading

from knowledge.analysis import tokens

TEXTS = ["在留期間の更新に必要な書類を教えてください", "家族を日本に呼ぶにはどうすればいいですか", "転職したときの届出", "永住許可の条件"]


def test_words_are_the_same_in_many_threads() -> None:
    expected = {text: tokens(text) for text in TEXTS}
    wrong: list[str] = []

    def work(number: int) -> None:
        for turn in range(150):
            text = TEXTS[(number + turn) % len(TEXTS)]
            try:
                if tokens(text) != expected[text]:
                    wrong.append(text)
            except ValueError as error:  # a word of another thread's text is not in this one
                wrong.append(str(error))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert wrong == []
