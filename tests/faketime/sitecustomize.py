"""Loaded by every process that runs under libfaketime: time.sleep by select.

libfaketime (0.9.10) moves the absolute end of clock_nanosleep on the monotonic clock along with the time of
day, so that Python's sleep ends at once or fails. Time-outs of select are relative and stay as they are.
"""

import select
import time


def _sleep(seconds: float) -> None:
    select.select([], [], [], seconds)


time.sleep = _sleep
