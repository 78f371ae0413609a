"""What was said before is answered without reading it again, and never otherwise than if it were."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone
from itertools import chain
from types import SimpleNamespace

import pytest

from ner_engine.runtime.recall import Recall
from ner_engine.spans import Entity

KST = timezone(timedelta(hours=9))


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


def test_what_an_entity_means_is_kept_for_the_minute_and_goes_with_the_text():
    recall = Recall(2)
    recall.through(["가", "나"], Finder())
    told = [Entity("가", 0, 1, "DT", value=None)]
    recall.keep_valued("가", 7, told)
    told.clear()
    assert [[e.text for e in entities] for entities in recall.valued(["가"], 7)] == [["가"]]
    recall.valued(["가"], 7)[0].clear()
    assert recall.valued(["가", "가"], 7) == [[Entity("가", 0, 1, "DT")]] * 2
    assert recall.valued(["가"], 8) is None
    assert recall.valued(["가", "나"], 7) is None
    recall.keep_valued("다", 7, [])  # not among those that are kept
    assert recall.valued(["다"], 7) is None
    recall.through(["라", "마"], Finder())
    assert recall.valued(["가"], 7) is None


def test_what_is_answered_by_heart_means_what_it_means_now(engines, monkeypatch):
    from ner_engine.rules import read_rules
    from ner_engine.values import Clock

    engine, now = engines.recalling, [datetime(2026, 7, 23, 23, 59, 30, tzinfo=KST)]
    monkeypatch.setattr(engine, "_clock", lambda given: Clock.at(now[0]))
    monkeypatch.setattr("ner_engine.engine.time", SimpleNamespace(time=lambda: now[0].timestamp()))
    read = []
    monkeypatch.setattr(engine, "_believed", lambda *args, real=engine._believed: read.append(1) or real(*args))

    def meant(text):
        return [(entity.text, str(entity.value)) for entity in engine.extract(text) if entity.value is not None]

    tomorrow = meant("내일 만나자")
    assert tomorrow
    assert meant("내일 만나자") == tomorrow
    assert len(read) == 1  # the second time by heart
    seconds = meant("30초 뒤에 다시 걸게")
    now[0] = datetime(2026, 7, 23, 23, 59, 50, tzinfo=KST)
    assert meant("내일 만나자") == tomorrow
    assert seconds
    assert meant("30초 뒤에 다시 걸게") != seconds
    now[0] = datetime(2026, 7, 24, 0, 0, 5, tzinfo=KST)
    assert meant("내일 만나자") != tomorrow
    monkeypatch.setattr(engine, "rules", read_rules("builtin"))
    assert next(e.label for e in engine.extract("010-1234-5678로 내일 만나자")) == "PHONE"
    engine.extract("내일 만나자")
    count = len(read)
    engine.extract("내일 만나자")
    assert len(read) == count + 1  # beside rules nothing is answered by heart
