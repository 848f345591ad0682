"""How much memory a program takes with all the processes that it begins, weighed while it runs.

What several of them share is counted once (PSS, in Linux's smaps_rollup).
"""

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Self

EACH_SECONDS: Final = 0.05
SHARE: Final = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


class Scales(threading.Thread):
    """The most that a process and its children took at one moment, in MB, as long as it is `with` us."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.megabytes = 0.0
        self._pid = pid
        self._is_over = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self.join()

    def run(self) -> None:
        while not self._is_over.wait(EACH_SECONDS):
            weight = sum(_kilobytes(pid) for pid in _family(self._pid))
            self.megabytes = max(self.megabytes, weight / 1024)


def _family(pid: int) -> Iterator[int]:
    yield pid
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = listed.read_text().split()
        except OSError:  # that thread has ended
            continue
        for child in children:
            yield from _family(int(child))


def _kilobytes(pid: int) -> int:
    try:
        found = SHARE.search(Path(f"/proc/{pid}/smaps_rollup").read_text())
    except OSError:
        return 0
    return int(found[1]) if found else 0
