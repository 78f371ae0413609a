"""``/fix``: entities corrected at the console, and the corrected sentences kept as training data."""
