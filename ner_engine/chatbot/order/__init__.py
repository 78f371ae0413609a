"""Orders: the menu, the dishes of an utterance, the list while it changes."""
