"""Versions of bundles: kept side by side, one of them in use, put in use or taken back in one step.

Enters: bundles that ``ner_engine.bundle.publish`` wrote into the folder of a version, and what the gate found.
Leaves: the file ``current``, which ``find_bundle`` and the service read, and a history of who changed it.
"""

from __future__ import annotations

from ner_engine.registry.collecting import Garbage
from ner_engine.registry.hold import Hold, hold
from ner_engine.registry.registry import Registry
from ner_engine.registry.version import Version

__all__ = ["Garbage", "Hold", "Registry", "Version", "hold"]
