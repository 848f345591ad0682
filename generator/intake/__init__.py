"""Hosts' exports and channels' feeds: read in whatever shape they come, compared with the stays we know."""
