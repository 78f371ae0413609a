"""Turns a second of a store, beside what the disk itself can sync.

    python benchmarks/store.py orders.db [--turns 300] [--processes 1]
    python benchmarks/store.py postgresql+psycopg://bot@host/bench

Every process takes its turns on a session of its own; every third turn books. The database is not emptied before
or after. For a file, the line "disk" is how often its folder takes and syncs 4 KiB: no turn is quicker than that.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from ner_engine.chatbot.action.calls import RECORD, ActionCall
from ner_engine.chatbot.state import Draft, Item, State, Value
from ner_engine.chatbot.store.database import Store


def take_turns(where: str, session: str, turns: int) -> list[float]:
    """The seconds each turn took."""
    seconds = []
    with Store.open(where) as store:
        for n in range(turns):
            began = time.perf_counter()
            with store.turn(session, "bench", message_id=f"{time.time_ns()}") as turn:
                draft = Draft(
                    "order", (("who", (Value("오하늘", "오하늘"),)),), (Item("만두", n),), asked="@more"
                )
                state = replace(turn.state or State(), turn=n, drafts=(draft,))
                calls = [ActionCall(f"{n}-1", RECORD, "order", {"who": "오하늘"}, (Item("만두", n),))]
                entities = [{"text": "만두", "start": 0, "end": 2, "label": "FOOD", "score": 0.98}]
                turn.commit(
                    state=state,
                    text="만두 세 개 더 주세요",
                    reply="네, 만두 세 개 더 담았어요. 더 필요하신 거 있으세요?",
                    entities=entities,
                    trace={"chosen": "order", "events": ["items: 만두 3"], "replies": ["added", "more"]},
                    records=calls if n % 3 == 0 else (),
                )
            seconds.append(time.perf_counter() - began)
    return seconds


def syncs_a_second(folder: Path) -> float:
    with tempfile.TemporaryFile(dir=folder) as file:
        began = time.perf_counter()
        for _ in range(100):
            os.write(file.fileno(), b"\0" * 4096)
            os.fdatasync(file.fileno())
        return 100 / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database", help="a path or a URL")
    parser.add_argument("--turns", type=int, default=300, help="of each process")
    parser.add_argument("--processes", type=int, default=1)
    arguments = parser.parse_args()

    Store.open(arguments.database).close()
    work = [(arguments.database, f"bench-{os.getpid()}-{n}", arguments.turns) for n in range(arguments.processes)]
    cpu = time.process_time()
    began = time.perf_counter()
    if arguments.processes == 1:
        found = [take_turns(*work[0])]
        print(f"cpu         {(time.process_time() - cpu) / arguments.turns * 1000:8.2f} ms a turn")
    else:
        with multiprocessing.get_context("spawn").Pool(arguments.processes) as pool:
            pool.starmap(take_turns, [(where, f"{session}-warm", 1) for where, session, _ in work])
            began = time.perf_counter()
            found = pool.starmap(take_turns, work, chunksize=1)
    total = time.perf_counter() - began
    each = sorted(1000 * seconds for one in found for seconds in one)
    print(f"turns       {len(each) / total:8.1f} a second")
    slow = each[int(len(each) * 0.99)]
    print(f"one turn    {statistics.median(each):8.2f} ms (median), {slow:.2f} ms (99 of 100)")
    if "://" not in arguments.database:
        folder = Path(arguments.database).resolve().parent
        print(f"disk        {syncs_a_second(folder):8.1f} syncs a second")


if __name__ == "__main__":
    main()
