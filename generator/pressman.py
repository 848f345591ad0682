"""One process of several that publish houses (generator/pressroom.py): takes one house after the other from a
pipe, says how far it is and what came of it.

Nothing else is ever said on its standard output. It ends when nobody speaks to it any more.
"""

import logging
import os
import pickle
import signal
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import IO, Any

from generator.press import open_press
from generator.pressroom import Job
from generator.publishing import published
from guestlink.errors import GuestLinkError, Stale
from guestlink.records import Property


def main() -> None:
    """Reads a job and houses from standard input; what becomes of them goes to standard output."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # whatever else is printed is no answer
        try:
            _work(sys.stdin.buffer, answers)
        except GuestLinkError as error:
            sys.exit(f"publishing-process-failed reason={type(error).__name__}")
        except BrokenPipeError:
            sys.exit("publishing-process-left-alone")


def _work(asked: IO[bytes], answers: IO[bytes]) -> None:
    job: Job = next(_heard(asked))

    def say(what: object) -> None:
        pickle.dump(what, answers)
        answers.flush()

    press = open_press(job.settings, most_kept=1)
    with closing(press.database):
        if press.site != job.site:
            raise Stale("The theme or the program was changed while it published.", hint="Publish again.")
        say("ready")
        for house in _heard(asked):
            assert isinstance(house, Property)
            say(published(press, house, job.order, at=job.at, progress=lambda *step: say(step)))


def _heard(asked: IO[bytes]) -> Iterator[Any]:
    """What the other side says, until it has ended."""
    while True:
        try:
            yield pickle.load(asked)  # noqa: S301 - this program's own words
        except EOFError:
            return
