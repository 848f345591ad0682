"""Hosts' files: how they lie in a folder, what may stand in them, and every mistake with its line."""
