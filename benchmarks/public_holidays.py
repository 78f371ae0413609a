"""Writes the table of South Korea's public holidays that ``ner_engine.values`` reads.

::

    pip install holidays
    python benchmarks/public_holidays.py ner_engine/values/public_holidays.tsv

The package holidays knows the law, its changes since 1948, temporary days off, elections and, to 2050, the lunar
days; of its 13 MB this table needs 50 kB. Write it anew when a day off is announced.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from holidays import country_holidays

from ner_engine.datasets.source import write_atomically

YEARS = range(1948, 2051)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", type=Path)
    target = parser.parse_args().target
    days = (item for year in YEARS for item in country_holidays("KR", years=year, language="ko").items())
    write_atomically(target, (f"{day.isoformat()}\t{name}\n" for day, name in sorted(days)))


if __name__ == "__main__":
    main()
