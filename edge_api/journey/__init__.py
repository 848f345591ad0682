"""The messages of a stay's journey: what is due when, to whom, through which channel, and what came of it."""
