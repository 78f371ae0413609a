"""What is wrong with rule files though they can be read."""
