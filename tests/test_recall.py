"""What was said before is answered without reading it again, and never otherwise than if it were."""

from __future__ import annotations

import threading
from datetime import datetime
from itertools import chain
from types import SimpleNamespace

import pytest

from ner_engine.runtime.recall import Recall
from ner_engine.spans import Entity


class Finder:
    """Finds the text itself; remembers what it was asked."""

    def __init__(self):
        self.asked = []

    def __call__(self, texts):
        self.asked.append(list(texts))
        return [[Entity(text, 0, len(text), "LC")] for text in texts]


def labels(found):
    return [[entity.text for entity in entities] for entities in found]


def test_only_what_is_not_known_is_read_and_each_text_once():
    find, recall = Finder(), Recall(10)
    assert labels(recall.through(["강남", "홍대", "강남"], find)) == [["강남"], ["홍대"], ["강남"]]
    assert labels(recall.through(["부산", "홍대"], find)) == [["부산"], ["홍대"]]
    assert labels(recall.through(["홍대", "강남"], find)) == [["홍대"], ["강남"]]
    assert find.asked == [["강남", "홍대"], ["부산"]]
    assert recall.holds(["강남", "부산"])
    assert not recall.holds(["강남", "제주"])


def test_the_oldest_are_forgotten_and_long_texts_never_kept():
    find, recall = Finder(), Recall(2)
    recall.through(["가", "나", "다", "라" * 500], find)
    assert len(recall) == 2
    assert recall.holds(["나", "다"])
    assert not recall.holds(["가"])
    assert not recall.holds(["라" * 500])


def test_without_room_nothing_is_kept():
    find, recall = Finder(), Recall(0)
    recall.through(["가"], find)
    recall.through(["가"], find)
    assert find.asked == [["가"], ["가"]]
    assert not recall.holds(["가"])


def test_what_a_caller_does_to_an_answer_stays_with_him():
    recall = Recall(4)
    recall.through(["가"], Finder())[0].clear()
    recall.through(["가"], Finder())[0].clear()
    assert labels(recall.through(["가"], Finder())) == [["가"]]


def test_several_threads_keep_no_more_than_there_is_room_for():
    recall = Recall(50)

    def work(n):
        for i in range(300):
            text = f"{n} {i}"
            assert labels(recall.through([text], Finder())) == [[text]]

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(recall) == 50


@pytest.fixture(scope="module")
def engines():
    import ner_engine

    return SimpleNamespace(plain=ner_engine.load(), recalling=ner_engine.load(recall=100))


def test_an_engine_that_remembers_answers_as_one_that_does_not(engines):
    texts = ["내일 저녁 7시에 강남역에서 보자", "김민수랑 파스타 두 개", "", "내일 저녁 7시에 강남역에서 보자"]
    for now in (datetime(2026, 7, 23, 12), datetime(2027, 1, 1, 9)):
        for options in ({}, {"labels": {"LC"}}, {"min_score": 0.99}, {"min_score": 0}):
            expected = list(engines.plain.pipe(texts, now=now, **options))
            for _ in range(2):
                found = list(engines.recalling.pipe(texts, now=now, **options))
                assert labels(found) == labels(expected)
                for one, other in zip(chain(*found), chain(*expected), strict=True):
                    assert (one.span, one.value) == (other.span, other.value)
                    assert one.score == pytest.approx(other.score, abs=1e-4)  # a batch of another size
    assert engines.recalling.recalls(texts)
    assert not engines.plain.recalls(texts)
