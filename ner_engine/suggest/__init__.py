"""Which sentences to label next: unlabelled texts and a bundle in, the most useful ones out, pre-annotated.

``suggest`` reads any number of texts in one pass and constant memory. What a text is worth is in ``strategies``;
what of it is measured, in ``uncertainty``, ``disagreement`` and ``novelty``; and ``choosing`` sees to it that the
chosen ones differ from one another.
"""

from __future__ import annotations

from ner_engine.suggest.suggestions import Report, Suggestion, suggest

__all__ = ["Report", "Suggestion", "suggest"]
