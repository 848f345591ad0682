"""The commands of publish.py, one module each; the edge's own is edge_api/commands.py."""
