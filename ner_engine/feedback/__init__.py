"""Corrections of what the engine found: kept in one store, reviewed, and carried to labelling tools and back.

    store = open_store("feedback.db")          # or a database URL, or a file of JSON Lines
    kept = store.add(Correction(text, entities, original, at))
    store.set_status([kept.id], "approved", by="서연")
    store.export("approved.jsonl", status="approved")

A database needs the extra ``store``; a file of JSON Lines (``*.jsonl``) does not.
"""

from __future__ import annotations

from ner_engine.feedback.correction import STATUSES, Correction
from ner_engine.feedback.stores import DEFAULT_STORE, FeedbackStore, LazyStore, open_store

__all__ = ["DEFAULT_STORE", "STATUSES", "Correction", "FeedbackStore", "LazyStore", "open_store"]
