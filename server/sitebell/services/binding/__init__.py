"""Which profile a browser belongs to, in each database, from its first visit to its logout."""
