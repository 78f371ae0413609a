"""What an utterance mentions, found by the extractor or by what the rules know."""
