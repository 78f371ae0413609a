"""kill -9 while a version is trained, published, judged and promoted: the old one serves, and the run goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

from tests.retrain_parts import QUICK, write_home

ROOT = Path(__file__).resolve().parents[1]
KILLS = 20

# checkpoints after every step, so that a resumed run begins in the middle of one
KILLED = (*QUICK, "training.epochs=2", "training.noise=0.3", "training.checkpoint_minutes=0", "gate.resamples=5")

# One interpreter imports everything once and forks the runs that are killed: a kill costs a fork, not an import.
DRIVER = """
import contextlib, json, os, random, signal, sys, time
from pathlib import Path

import onnx, onnxruntime, safetensors.torch, sklearn.linear_model, torch
import ner_engine.cli.retrain, ner_engine.gate, ner_engine.gate.text, ner_engine.network.export
import ner_engine.training.build, ner_engine.training.final_report, ner_engine.training.retrain
from ner_engine.bundle import load_bundle
from ner_engine.cli import main
from ner_engine.registry import Registry

torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))])  # the first one imports half of torch
homes, settings, KILLS, SEED = sys.argv[1:3], json.loads(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
COMMAND = ["ner-engine", "retrain", "tiny", "--models", "models", "--add", "add.jsonl", "--test", "test.jsonl"]
COMMAND += ["--promote", "--force", "--reason", "killed", "--by", "tester", *(f"--set={s}" for s in settings)]


def life(home, *more, fatal=0):
    # a run in a process of its own, which dies before it puts its ``fatal``-th file or folder in place
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        os.chdir(home)
        with open("log.txt", "a") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        count = [0]

        def dying(real):
            def put(*args, **options):
                count[0] += 1
                if count[0] == fatal:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*args, **options)
            return put

        if fatal:
            os.replace, os.rename = dying(os.replace), dying(os.rename)
            more = (*more, "--set=training.checkpoint_minutes=10")
        sys.argv = [*COMMAND, *more]
        main()
        code = 0
    except SystemExit as ending:
        code = ending.code or 0
    except BaseException:
        import traceback
        traceback.print_exc()
    finally:
        os._exit(code)


def ended(pid):
    status = os.waitpid(pid, 0)[1]
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL, status
        return False
    assert status == 0, Path("log.txt")
    return True


def whole(home):
    # whatever happened, a whole bundle is in use; says which version
    registry = Registry(home / "models")
    current = registry.current("tiny")
    load_bundle(current.path)
    assert current.version == "shipped" or current.passed is not None, current
    return current.version


first, second = (Path(home) for home in homes)
began = time.monotonic()
assert ended(life(first, "--set=training.checkpoint_minutes=10"))
took = time.monotonic() - began
assert whole(first) == "2"

# at the replacement of one file after another, until there is nothing left to replace
steps = 0
pid = life(first, fatal=2)
while not ended(pid):
    steps += 1
    whole(first)
    # an epoch's end puts two files in place: one death falls between them, the next one behind them
    pid = life(first, "--resume", fatal=2 + steps % 2)
    assert steps < 100
assert whole(first) != "2"

# at moments drawn at random, in one run after another
rng, kills, runs = random.Random(SEED), 0, 0
state = second / "runs" / "retrain-tiny" / "run.json"
while kills < KILLS:
    before, begun = whole(second), state.read_bytes() if state.exists() else b""
    runs += 1
    while True:
        # killed before it was a run, it is begun again
        pid = life(second, *(["--resume"] if state.exists() and state.read_bytes() != begun else []))
        time.sleep(rng.uniform(0, 1) ** 2 * took)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        if ended(pid):
            break
        kills += 1
        whole(second)
    assert whole(second) != before
print(json.dumps({"steps": steps, "kills": kills, "runs": runs}))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_killed_at_any_moment_the_old_version_serves_and_the_run_goes_on(tiny_bundle, tmp_path):
    homes = [write_home(tmp_path / name, tiny_bundle) for name in ("steps", "random")]
    command = [sys.executable, "-c", textwrap.dedent(DRIVER), *map(str, homes)]
    command += [json.dumps(KILLED), str(KILLS), "7"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=500, check=False)
    written = (home / "log.txt" for home in homes if (home / "log.txt").exists())
    logs = "".join(log.read_text(encoding="utf-8")[-3000:] for log in written)
    assert done.returncode == 0, done.stderr + logs
    told = json.loads(done.stdout)
    assert told["kills"] >= KILLS
    assert told["steps"] >= 8
    # the first version is trained on the shipped one in both homes: whatever was killed, its weights are the same
    first = [(home / "models" / "tiny" / "2" / "weights.safetensors").read_bytes() for home in homes]
    for home in homes:
        manifest = json.loads((home / "models" / "tiny" / "2" / "bundle.json").read_text(encoding="utf-8"))
        assert manifest["parent"]["version"] == "shipped"
        history = (home / "models" / "tiny" / "history.jsonl").read_text(encoding="utf-8").splitlines()
        assert len(history) == len({json.loads(line)["version"] for line in history})
    assert first[0] == first[1]
