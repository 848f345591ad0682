"""The commands of publish.py that belong to the edge, one module each."""
