"""Somebody who reaches the database without our code."""

import sqlite3
from contextlib import closing

import psycopg

from tests.databases import Place


def tamper(place: Place, text: str, *, kind: str) -> int:
    """Runs one statement; the position of the journal's row of this kind afterwards."""
    wanted = f"select position from journal where kind = '{kind}' order by position limit 1"  # noqa: S608 - a test's own word
    if place.url.startswith("sqlite"):
        with closing(sqlite3.connect(place.home / "data" / "guestlink.db")) as driver, driver:
            driver.execute(text)
            return int((driver.execute(wanted).fetchone() or [0])[0])
    with psycopg.connect(place.url) as server:
        server.execute(text.encode())
        return int((server.execute(wanted.encode()).fetchone() or [0])[0])
