"""How people of the house sign in: codes, links, passkeys, PINs; and the sessions that come of it."""
