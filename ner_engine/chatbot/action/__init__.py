"""What the dialogue wants done, and how it is run."""
