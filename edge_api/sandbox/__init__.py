"""A strict local WhatsApp Cloud API with a phone page: `python -m edge_api.sandbox`. See docs/sandbox.md.

It speaks to the world over HTTP only and imports nothing of Guest Link, so that it can be used alone.
"""
