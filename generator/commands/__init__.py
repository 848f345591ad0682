"""The commands of publish.py, one module each; those of the edge are in edge_api/commands/."""
