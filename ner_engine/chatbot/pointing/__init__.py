"""Words that point back over the last turns: ``그걸로``, ``그날``, ``거기로``."""
