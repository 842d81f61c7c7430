"""From a message to its deliveries: planned, claimed, composed, settled."""
