"""Rule files: YAML in, ``Rules`` out."""
