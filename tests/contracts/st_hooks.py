"""What schemathesis loads beside our description: ids of things that are there, so that calls reach them."""

import json
import os
import random
from typing import Any

import schemathesis

KNOWN: dict[str, list[str]] = json.loads(os.environ["GUESTLINK_KNOWN"])
OFTEN = 0.7
dice = random.Random(4)


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Most ids become known ones; the others stay as wild as they were made."""
    for place in (case.path_parameters, case.query, case.body):
        if isinstance(place, dict):
            for name in place.keys() & KNOWN.keys():
                if dice.random() < OFTEN:
                    place[name] = dice.choice(KNOWN[name])
