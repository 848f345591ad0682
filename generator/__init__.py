"""The compile journey: a host's files and a stay's records become signed pages at their target."""
