"""Nothing goes on sending when what watches over it is gone: a killed `work` takes its couriers along."""

import os
import signal
from pathlib import Path

from tests.town import town, until


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_running(pid: int) -> bool:
    """Whether a process is there and no mere remains."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_couriers_end_when_their_work_was_killed(tmp_path: Path) -> None:
    with town(tmp_path / "home") as here:
        here.publish()
        here.start("work")
        work = here.processes["work"]
        until(lambda: bool(children(work.pid)), "the couriers are there")
        (couriers,) = children(work.pid)
        os.kill(work.pid, signal.SIGKILL)
        work.wait()
        until(lambda: not is_running(couriers), "the couriers end")
