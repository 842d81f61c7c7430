"""Real browsers on real pages: what a site's visitors, its owner and its server see of one another, over real push."""
