"""Transcripts as tests: read, played again, compared, and what they reach of a bot."""
