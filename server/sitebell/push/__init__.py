"""One message to one browser: endpoint rules, encryption, VAPID and the client; no database, no Flask."""
