"""The rules. They take a session and the present moment, add and change rows, and never commit."""
