"""What an installation lacks: the machine, the packages, the bundles and the stores in, findings out.

``examine`` is the way in. Every finding says how it stands and, where something is amiss, which command mends it.
Nothing is written, and nothing leaves the machine, save that a database that is named is asked.
"""

from __future__ import annotations

from ner_engine.doctor.asked import Asked
from ner_engine.doctor.examination import CHECKS, examine
from ner_engine.doctor.finding import FAIL, OFF, OK, WARN, Finding

__all__ = ["CHECKS", "FAIL", "OFF", "OK", "WARN", "Asked", "Finding", "examine"]
