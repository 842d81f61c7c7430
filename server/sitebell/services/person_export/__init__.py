"""All that is stored about one person, for whoever asks for it."""
