"""What a browser tells of its visitor by itself: browser, system, language, time zone and place."""
