"""The houses to try: who stays in them, around any day. Every person is invented; no secret stands here."""
