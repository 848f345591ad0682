"""The named queries of guestlink/sql/, as each engine wants their text. It runs none.

The files are aiosql's: `-- name: stay_by_id^`, then one statement with `:names`; the sign says what comes
back. tests/contracts/test_queries.py has aiosql read them, too. Read here, all are there in milliseconds.
"""

import re
from functools import cache
from pathlib import Path
from typing import Final

SQL: Final = Path(__file__).parent / "sql"

_NAME = re.compile(r"^-- name: *(\w+)\S*$", re.MULTILINE)
_COMMENT = re.compile(r"^\s*--.*\n?", re.MULTILINE)
_PARAMETER = re.compile(r"""("[^"]*"|'[^']*')|(?<!:):(\w+)""")


@cache
def named_queries(engine: str) -> dict[str, str]:
    """Name -> SQL for `sqlite` or `postgresql`; an engine's own variant lies in sql/<engine>/."""
    found = _read(SQL) | _read(SQL / engine)
    return {name: _with_percents(sql) for name, sql in found.items()} if engine == "postgresql" else found


def _read(folder: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for file in sorted(folder.glob("*.sql")):
        _, *pieces = _NAME.split(file.read_text("utf-8"))
        texts = (_COMMENT.sub("", text).strip() for text in pieces[1::2])
        found.update(zip(pieces[::2], texts, strict=True))
    return found


def _with_percents(sql: str) -> str:
    """`:name` as psycopg writes it: `%(name)s`. What stands in quotes is left alone."""
    return _PARAMETER.sub(lambda found: found[1] or f"%({found[2]})s", sql)
