"""What a drawing may call by name; where engine and domain meet."""
