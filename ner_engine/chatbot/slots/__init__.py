"""How each type of slot is filled: mentions and plain words in, values or problems out; see ``kinds``."""
