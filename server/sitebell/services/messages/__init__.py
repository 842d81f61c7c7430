"""Messages: created and steered, listed, and found by the names that stand in them."""
