"""What the terminal can do: environment, queries and their answers."""
