"""Whether the service keeps its OpenAPI: thousands of requests made from it, right ones and wrong ones.

    python benchmarks/contract.py                # 10,000 cases and more, some minutes
    python benchmarks/contract.py --examples 20  # a taste

Schemathesis (in the extra ``test``) makes the requests: values at the borders of what is described, wrong types,
missing and surplus keys, wrong methods and media types. No answer may be a 5xx, or one that the description does
not have: status, media type, headers and body are held against it. One of its checks is left out: that whatever
fits the schema is accepted. That a span lies within its text is nothing a JSON schema can say.

The service runs on 127.0.0.1 and nothing else is asked.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from service import Server, server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=2500, help="cases of each operation, and borders")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, server(2, []) as service:
        pids = service.workers()
        # a reload opens the bundle in both workers, which takes seconds: a hundredth will do
        cases = run(service, folder, ["--exclude-path-regex", ":reload$"], given.examples, given.seed)
        cases += run(service, folder, ["--include-path-regex", ":reload$"], given.examples // 100 + 1, given.seed)
        ended = service.workers() != pids
        print(f"{cases:,} cases, all answered as described, {'A WORKER ENDED' if ended else 'no worker ended'}")
        sys.exit(ended)


def run(service: Server, folder: str, which: list[str], examples: int, seed: int) -> int:
    """Ask; how many cases there were. Ends the program where an answer is not as described."""
    command = [
        sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()", "run",
        f"http://127.0.0.1:{service.port}/openapi.json", *which, "--checks", "all", "--exclude-checks",
        "positive_data_acceptance", "--phases", "examples,coverage,fuzzing", "--max-examples", str(examples),
        "--seed", str(seed), "--workers", "2", "--continue-on-failure", "--no-color",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    found = re.search(r"(\d[\d,]*) generated", done.stdout)
    if done.returncode or not found:
        sys.exit(done.stdout + done.stderr)
    return int(found[1].replace(",", ""))


if __name__ == "__main__":
    main()
