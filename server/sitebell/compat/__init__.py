"""Other vendors' dialects: thin translators onto `services`, each switched on by the site's operator."""
