"""One turn of the dialogue: what was meant, what it fills, what is asked next."""
