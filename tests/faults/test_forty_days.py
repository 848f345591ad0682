"""Nobody is forgotten, told twice, or told what is not true any more: days of houses with whole processes,
phones and mailboxes, against an oracle that reads the houses' files by itself.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.diary import broken_rules, diary, differences, expected
from tests.faults.almanac import NO_ZONES, instant
from tests.faults.cast import forty_days, ten_days
from tests.faults.stage import ferry_house, harbour_house, stage
from tests.faults.story import Story

DIARY = "../../docs/diary.md"
HEAD = """# Ten days of messages

What six invented guests of the sample house do, and what they are told without anybody at the desk lifting a
finger. `tests/faults/test_forty_days.py` makes this page: whole processes live through these days, and what
reached phones, mailboxes and the print list is compared with what the files below
`content/harbour-house/journey/` say. Ana agreed to WhatsApp; so did Samuel, but his number is not there. Hugo
booked at Airbnb, which allows no messages outside it. Lena told when she comes. In the night before they
arrive, clocks go back.

"""


def was_as_it_should_be(story: Story) -> None:
    lives, heard = list(story.lives.values()), story.heard()
    assert differences(lives, heard) == [], "\n".join(diary(lives, heard))
    assert broken_rules(lives, heard) == []
    unexplained = "select count(*) from journey where state in ('skipped', 'stopped') and reason = ''"
    assert story.row(unexplained) == (0,)


def test_ten_days_of_six_guests_are_as_the_files_say(
    tmp_path: Path, golden: Callable[[str, bytes], None]
) -> None:
    house = harbour_house()
    begin = instant("2023-10-24T09:00", house.turns)
    with stage(tmp_path / "home", [house.slug], at=begin, languages=["en"], by_command=False) as story:
        story.play(list(ten_days(house)), end=instant("2023-11-03T12:00", house.turns))
        was_as_it_should_be(story)
        lives, heard = list(story.lives.values()), story.heard()
        lines = diary(lives, [told for life in lives for told in expected(life)])
        golden(DIARY, (HEAD + "\n".join(lines) + "\n").encode())
        assert differences(lives, heard[1:]), "one that does not come is missed"
        assert differences(lives, [*heard, heard[0]]), "one that comes twice is noticed"
        in_utc = [life._replace(house=house._replace(turns=NO_ZONES["Europe/London"])) for life in lives]
        assert differences(in_utc, heard), "whoever thinks in UTC says that it was wrong"


@pytest.mark.faults
def test_forty_days_of_two_houses_are_as_the_files_say(tmp_path: Path) -> None:
    harbour = harbour_house()
    begin, end = instant("2023-10-09T08:30", harbour.turns), instant("2023-11-18T12:00", harbour.turns)
    with stage(tmp_path / "home", [harbour.slug, "ferry-house"], at=begin) as story:
        ferry = ferry_house(story.town.settings.content_folder)
        story.post.tell(at="rcpt", who="bounces@example.com", what="550 5.1.1 Nobody of that name")
        story.play(list(forty_days(harbour, ferry)), end=end)
        was_as_it_should_be(story)
