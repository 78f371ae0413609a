"""Dictionaries, patterns and policies: what finds entities beside the model, and how all become one answer."""
