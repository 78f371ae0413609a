"""The service keeps its OpenAPI description, whatever is made from it: requests that fit and that do not.

``benchmarks/contract.py`` asks ten thousand and more; these are a few of each operation.
"""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.service_parts import site
from tests.service_stub import serving

pytest.importorskip("schemathesis", reason="schemathesis makes the requests")


def test_no_request_gets_an_answer_that_is_not_described(tmp_path):
    with serving(site(tmp_path).app) as url:
        command = [
            sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()", "run",
            f"{url}/openapi.json", "--checks", "all", "--exclude-checks", "positive_data_acceptance",
            "--phases", "examples,coverage,fuzzing", "--max-examples", "12", "--seed", "3", "--no-color",
        ]  # fmt: skip
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    tested = re.search(r"Tested: (\d+)", done.stdout)
    generated = re.search(r"(\d[\d,]*) generated", done.stdout)
    assert tested is not None, done.stdout[-2000:]
    assert generated is not None, done.stdout[-2000:]
    assert int(tested[1]) >= 10
    assert int(generated[1].replace(",", "")) > 200
