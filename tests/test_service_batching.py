"""Texts that arrive together go together, and nobody gets anything else than alone."""

from __future__ import annotations

import asyncio
import weakref
from datetime import datetime

import pytest

from ner_engine.service.batching import Batcher, Options, Overloaded
from ner_engine.service.engines import Engines
from tests.fake_extractor import extract
from tests.service_parts import FakeEngine

PLAIN = Options()


def batched(use, *, at_once=0, **options):
    """Run ``use(batcher, engine)`` in a loop of its own."""

    async def run():
        engine = FakeEngine()
        engines = Engines([("fake", "fake")], lambda source: engine)
        engine.batches.clear()
        batcher = Batcher(engines.get, at_once=at_once, **options)
        try:
            return await asyncio.wait_for(use(batcher, engine), 20)
        finally:
            engine.gate.set()
            await batcher.close()

    return asyncio.run(run())


async def soon(condition):
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it did not come to pass")


def test_an_idle_batcher_lets_a_request_through_at_once():
    async def use(batcher, engine):
        await asyncio.sleep(0.01)
        began = asyncio.get_running_loop().time()
        live, found = await batcher.extract(["강남역 가요"], PLAIN)
        assert asyncio.get_running_loop().time() - began < 0.5  # not the window of a second
        assert (live.name, found) == ("fake", [extract("강남역 가요")])

    batched(use, window_s=1.0)


def test_what_arrives_meanwhile_goes_together():
    async def use(batcher, engine):
        engine.gate.clear()
        first = asyncio.create_task(batcher.extract(["짜장면"], PLAIN))
        await soon(lambda: engine.batches)
        texts = [f"{i}시에 강남역" for i in range(1, 101)]
        others = [asyncio.create_task(batcher.extract([text], PLAIN)) for text in texts]
        await soon(lambda: batcher.waiting == 100)
        engine.gate.set()
        await first
        answers = await asyncio.gather(*others)
        assert [found for _, (found,) in answers] == [extract(text) for text in texts]
        assert [len(batch) for batch in engine.batches] == [1, 64, 36]

    batched(use)


def test_after_a_batch_the_next_waits_for_as_many_but_not_longer_than_the_window():
    async def use(batcher, engine):
        await asyncio.gather(*(batcher.extract([text], PLAIN) for text in "가나다라마바사아"))
        await batcher.extract(["자"], PLAIN)  # alone: after the window
        sizes = [len(batch) for batch in engine.batches]
        assert sizes == [1, 7, 1]
        engine.batches.clear()
        await asyncio.sleep(0.1)
        batcher._ended, batcher._size = asyncio.get_running_loop().time() + 5, 3
        await asyncio.wait_for(asyncio.gather(*(batcher.extract([text], PLAIN) for text in "가나다")), 4)
        assert [len(batch) for batch in engine.batches] == [3]

    batched(use, window_s=0.05)


def test_mixed_options_in_one_batch_are_answered_as_alone():
    text = "내일 저녁 7시에 강남역에서 김민수랑 파스타 두 개"
    ways = [
        PLAIN, Options(labels=frozenset({"DT"})), Options(labels=frozenset({"PS", "LC"})),
        Options(min_score=0.99), Options(now=datetime(2026, 7, 23)), Options(labels=frozenset()),
    ]  # fmt: skip

    async def use(batcher, engine):
        engine.gate.clear()
        tasks = [asyncio.create_task(batcher.extract([f"{text} {i}"], ways[i % 6])) for i in range(60)]
        await soon(lambda: batcher.waiting == 59)
        engine.gate.set()
        answers = [found for _, (found,) in await asyncio.gather(*tasks)]
        alone = FakeEngine()
        for i, found in enumerate(answers):
            way = ways[i % 6]
            assert found == alone.extract(f"{text} {i}", labels=way.labels, min_score=way.min_score)
        assert len(engine.batches) <= 7

    batched(use)


def test_a_text_that_fails_fails_alone():
    async def use(batcher, engine):
        engine.gate.clear()
        tasks = [asyncio.create_task(batcher.extract([t], PLAIN)) for t in ("콜라", "강남역", "고장", "홍대")]
        await soon(lambda: batcher.waiting == 3)
        engine.gate.set()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(done[2], RuntimeError)
        assert [done[i][1] for i in (0, 1, 3)] == [[extract(t)] for t in ("콜라", "강남역", "홍대")]
        with pytest.raises(RuntimeError):
            await batcher.extract(["콜라", "고장", "홍대"], PLAIN)
        assert batcher.waiting == 0

    batched(use)


def test_too_many_texts_are_refused_but_never_all_of_a_request_that_waits_alone():
    async def use(batcher, engine):
        assert len((await batcher.extract(["콜라"] * 20, PLAIN))[1]) == 20
        engine.gate.clear()
        first = asyncio.create_task(batcher.extract(["콜라"], PLAIN))
        await soon(lambda: engine.batches[-1] == ["콜라"])
        second = asyncio.create_task(batcher.extract(["콜라"] * 10, PLAIN))
        await soon(lambda: batcher.waiting == 10)
        with pytest.raises(Overloaded) as error:
            await batcher.extract(["사이다"], PLAIN)
        assert error.value.headers == {"Retry-After": "1"}
        with pytest.raises(Overloaded):
            await batcher.call(lambda: 3)
        engine.gate.set()
        await asyncio.gather(first, second)

    batched(use, max_waiting=10)


def test_who_gives_up_leaves_the_batch():
    async def use(batcher, engine):
        engine.gate.clear()
        first = asyncio.create_task(batcher.extract(["콜라"], PLAIN))
        await soon(lambda: engine.batches)
        gone = asyncio.create_task(batcher.extract(["사이다", "커피"], PLAIN))
        stays = asyncio.create_task(batcher.extract(["피자"], PLAIN))
        await soon(lambda: batcher.waiting == 3)
        gone.cancel()
        await soon(lambda: batcher.waiting == 1)
        first.cancel()  # its batch is at work: the others are not held up by that
        engine.gate.set()
        assert (await stays)[1] == [extract("피자")]
        assert engine.batches == [["콜라"], ["피자"]]

    batched(use)


def test_a_long_request_lets_the_others_have_their_turn():
    async def use(batcher, engine):
        engine.gate.clear()
        long = asyncio.create_task(batcher.extract([f"{i}" for i in range(200)], PLAIN))
        await soon(lambda: engine.batches)
        short = asyncio.create_task(batcher.extract(["강남역"], PLAIN))
        await soon(lambda: batcher.waiting == 137)
        engine.gate.set()
        await short
        assert not long.done()
        assert len((await long)[1]) == 200
        assert "강남역" in engine.batches[2] or "강남역" in engine.batches[1]

    batched(use)


def test_long_texts_make_small_batches():
    async def use(batcher, engine):
        await batcher.extract(["가" * 3000] * 7, PLAIN)
        assert [len(batch) for batch in engine.batches] == [3, 3, 1]

    batched(use)


def test_other_work_is_done_between_batches():
    async def use(batcher, engine):
        assert await batcher.call(lambda: 42) == 42
        with pytest.raises(ZeroDivisionError):
            await batcher.call(lambda: 1 // 0)
        assert await batcher.extract([], PLAIN) == (batcher._engine_of(None), [])

    batched(use)


def test_closing_finishes_what_was_taken_and_takes_nothing_more():
    async def use(batcher, engine):
        engine.gate.clear()
        tasks = [asyncio.create_task(batcher.extract([text], PLAIN)) for text in ("콜라", "피자")]
        await soon(lambda: batcher.waiting == 1)
        closing = asyncio.create_task(batcher.close())
        await asyncio.sleep(0.01)
        with pytest.raises(Overloaded):
            await batcher.extract(["커피"], PLAIN)
        engine.gate.set()
        await closing
        assert [found for _, (found,) in await asyncio.gather(*tasks)] == [extract("콜라"), extract("피자")]

    batched(use)


def test_few_short_texts_are_read_by_the_loop_all_that_lie_ready_together():
    async def use(batcher, engine):
        texts = [f"{i}시에 강남역" for i in range(1, 17)]
        answers = await asyncio.gather(*(batcher.extract([text], PLAIN) for text in texts))
        assert [found for _, (found,) in answers] == [extract(text) for text in texts]
        assert [len(batch) for batch in engine.batches] == [16]
        assert batcher._thread is None
        await asyncio.gather(batcher.extract(["콜라"], PLAIN), batcher.extract(["피자"], Options(min_score=0.5)))
        assert engine.batches[1:] == [["콜라"], ["피자"]]
        with pytest.raises(RuntimeError):
            await batcher.extract(["고장"], PLAIN)
        assert batcher._thread is None
        assert batcher.waiting == 0

    batched(use, at_once=16)


def test_many_or_long_texts_and_other_work_leave_the_loop_free():
    async def use(batcher, engine):
        for job in (
            batcher.extract(["콜라"] * 17, PLAIN), batcher.extract(["가" * 700], PLAIN), batcher.call(lambda: 1)
        ):  # fmt: skip
            engine.gate.clear()
            asyncio.get_running_loop().call_later(0.05, engine.gate.set)  # never, were the loop held up
            await asyncio.wait_for(job, 5)

    batched(use, at_once=16)


def test_short_texts_that_come_while_the_thread_is_at_work_wait_for_it():
    async def use(batcher, engine):
        engine.gate.clear()
        long = asyncio.create_task(batcher.extract(["가" * 700], PLAIN))
        await soon(lambda: engine.batches)
        short = [asyncio.create_task(batcher.extract([text], PLAIN)) for text in ("콜라", "피자")]
        await soon(lambda: batcher.waiting == 2)
        await asyncio.sleep(0.02)
        assert len(engine.batches) == 1
        engine.gate.set()
        await asyncio.gather(long, *short)
        assert engine.batches[1:] == [["콜라", "피자"]]

    batched(use, at_once=16)


def test_what_is_remembered_is_answered_without_a_batch():
    async def use(batcher, engine):
        engine.recalls = lambda texts: all(text == "콜라" for text in texts)
        seen = []
        batcher._observe = lambda name, count: seen.append(count)
        assert (await batcher.extract(["콜라"], PLAIN))[1] == [extract("콜라")]
        assert seen == []
        assert (await batcher.extract(["콜라", "피자"], PLAIN))[1] == [extract("콜라"), extract("피자")]
        assert seen == [2]

    batched(use, at_once=16)


def test_a_model_that_was_replaced_is_let_go_though_no_batch_came_after_its_last():
    async def run():
        engines = Engines([("fake", "fake")], lambda source: FakeEngine())
        batcher = Batcher(engines.get, at_once=0)  # so that the thread reads everything
        await batcher.extract(["강남역 가요"], PLAIN)
        old = weakref.ref(engines.get().engine)
        engines.reload("fake")
        await soon(lambda: old() is None)
        await batcher.close()

    asyncio.run(run())
