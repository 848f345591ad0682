"""Which pages there are and what is on them: decided from records, files and time alone."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from generator.files.host_content import HostContent
from generator.files.shapes import Notice
from generator.pages import Page, StayView, next_boundary
from guestlink.records import Arrival, Period
from tests.generator import sample

ZONE_EAST = msgspec.structs.replace(sample.house(), zone="Pacific/Auckland")


def notice(key: str = "water", *, until: date = date(2026, 11, 21), **more: object) -> Notice:
    fields: dict[str, object] = {
        "language": "en",
        "title": "No water on Saturday",
        "html": "<p>Fill the kettle before.</p>",
        "units": (),
        "shown_from": date(2026, 11, 20),
        "important": False,
        "digest": key,
    }
    return Notice(**{**fields, "key": key, "shown_until": until, **more})  # type: ignore[arg-type]


def told(*notices: Notice) -> HostContent:
    return sample.content(notices={each.key: {"en": each} for each in notices})


def page(
    at: datetime, *, host: HostContent | None = None, shown: StayView | None = None, language: str = "en"
) -> Page:
    return sample.pages("", at=at, host=host, shown=shown)[language]


# -- notices ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (datetime(2026, 11, 19, 23, 59, tzinfo=UTC), ()),
        (datetime(2026, 11, 20, 0, 0, tzinfo=UTC), ("water",)),
        (datetime(2026, 11, 21, 23, 59, tzinfo=UTC), ("water",)),
        (datetime(2026, 11, 22, 0, 0, tzinfo=UTC), ()),
    ],
)
def test_a_notice_comes_at_midnight_and_goes_after_its_last_day(at: datetime, shown: tuple[str, ...]) -> None:
    assert page(at, host=told(notice())).notices == shown


def test_midnight_is_that_of_the_house() -> None:
    view = msgspec.structs.replace(sample.view(), house=ZONE_EAST)
    midnight = datetime(2026, 11, 19, 11, tzinfo=UTC)  # thirteen hours before London's
    assert page(midnight - timedelta(seconds=1), host=told(notice()), shown=view).notices == ()
    assert page(midnight, host=told(notice()), shown=view).notices == ("water",)


def test_a_notice_that_comes_and_one_that_goes_are_boundaries() -> None:
    host = told(notice())
    before, within = datetime(2026, 11, 19, 22, tzinfo=UTC), datetime(2026, 11, 21, 23, tzinfo=UTC)
    assert next_boundary(sample.view(), host, at=before) == datetime(2026, 11, 20, tzinfo=UTC)
    assert next_boundary(sample.view(), host, at=within) == datetime(2026, 11, 22, tzinfo=UTC)
    assert next_boundary(sample.view(), told(), at=before) != datetime(2026, 11, 20, tzinfo=UTC)


def test_a_notice_that_is_over_before_they_come_is_not_for_them() -> None:
    host = told(notice(until=sample.ARRIVAL - timedelta(days=1), shown_from=date(2026, 11, 1)))
    assert page(sample.MOMENTS["booked"], host=host).notices == ()
    longer = told(notice(until=sample.ARRIVAL, shown_from=date(2026, 11, 1)))
    assert page(sample.MOMENTS["booked"], host=longer).notices == ("water",)


def test_who_has_left_is_told_no_more() -> None:
    assert page(sample.MOMENTS["departed"], host=told(notice(until=date(2026, 11, 30)))).notices == ()


def test_a_notice_for_some_rooms_is_sealed_and_for_these_alone() -> None:
    host = told(notice(units=("plantedunit",)), notice("other", units=("elsewhere",)))
    found = page(sample.MOMENTS["in_house"], host=host)
    assert (found.notices, found.sealed_notices) == ((), ("water",))


def test_what_is_important_stands_first() -> None:
    host = told(notice("a"), notice("z", important=True))
    assert page(sample.MOMENTS["in_house"], host=host).notices == ("z", "a")


def test_a_notice_is_part_of_the_source_hash_only_while_it_is_shown() -> None:
    early, within = sample.MOMENTS["booked"], sample.MOMENTS["in_house"]
    changed = told(notice(digest="other words"))
    assert page(early, host=told(notice())).source_hash == page(early, host=changed).source_hash
    assert page(within, host=told(notice())).source_hash != page(within, host=changed).source_hash


# -- services --------------------------------------------------------------------------------------
def test_a_service_is_offered_in_its_phases() -> None:
    hamper = sample.content().services["hamper"]["en"]
    lost = msgspec.structs.replace(hamper, key="lost", order=1, phases=("departed",))
    both = msgspec.structs.replace(hamper, key="both", order=5, phases=("in_house", "departed"))
    every = {each.key: {"en": each} for each in (hamper, lost, both)}
    host = sample.content(services=every)
    assert page(sample.MOMENTS["in_house"], host=host).services == ("both", "hamper")
    assert page(sample.MOMENTS["departed"], host=host).services == ("lost", "both")
    assert page(sample.MOMENTS["booked"], host=host).services == ("hamper",)


def test_what_was_left_behind_is_asked_for_at_the_top_of_a_departed_guests_page() -> None:
    hamper = sample.content().services["hamper"]["en"]
    lost = msgspec.structs.replace(hamper, key="lost-property", phases=("in_house", "departed"))
    host = sample.content(services={"lost-property": {"en": lost}})
    assert page(sample.MOMENTS["in_house"], host=host).services == ("lost-property",)
    assert page(sample.MOMENTS["departed"], host=host).services == ()


# -- booking sources -------------------------------------------------------------------------------
def test_guests_of_some_sources_are_not_led_elsewhere() -> None:
    at = sample.MOMENTS["booked"]
    assert page(at).direct
    assert not page(at, shown=sample.view(source="airbnb")).direct
    assert page(at, shown=sample.view(source="airbnb"), host=sample.content(off_platform=())).direct
    assert not page(at, host=sample.content(off_platform=("csv",))).direct


def test_a_section_for_direct_guests_is_sealed_and_for_them_alone() -> None:
    rebate = sample.section("rebate", "Next time", "<p>Ten percent.</p>", only_if="direct")
    host = sample.content(sections={"rebate": {"en": rebate}})
    at = sample.MOMENTS["in_house"]
    assert page(at, host=host).sealed == ("rebate",)
    assert page(at, host=host, shown=sample.view(source="airbnb")).sealed == ()


def test_a_section_for_rooms_and_a_kind_of_guest_needs_both() -> None:
    both = sample.section("both", "Your rebate", "<p>Ten.</p>", only_if="direct", units=("plantedunit",))
    host = sample.content(sections={"both": {"en": both}})
    at = sample.MOMENTS["in_house"]
    assert page(at, host=host).sealed == ("both",)
    assert page(at, host=host, shown=sample.view(source="airbnb")).sealed == ()


# -- the source hash -------------------------------------------------------------------------------
def arrived(version: int = 1, *, word: bytes = b"sealed", stay_id: str = "s1") -> StayView:
    told = Arrival(
        stay_id=stay_id,
        contact_id="c1",
        wrapped=b"key",
        adults=2,
        children=0,
        word=word,
        told_at=sample.MOMENTS["booked"],
        version=version,
    )
    return msgspec.structs.replace(sample.view(), arrival=told)


def test_a_told_arrival_changes_the_hash_by_its_version_and_never_by_its_words() -> None:
    at = sample.MOMENTS["booked"]
    first = page(at, shown=arrived()).source_hash
    assert first != page(at).source_hash
    assert first != page(at, shown=arrived(2)).source_hash
    assert first == page(at, shown=arrived(word=b"another")).source_hash


def test_another_label_of_a_room_reaches_the_page_of_its_language() -> None:
    host = sample.content()
    german = msgspec.structs.replace(host.words["de"], language="de", units={"plantedunit": "Dachkammer"})
    labelled = sample.content(words={**host.words, "de": german})
    at = sample.MOMENTS["booked"]
    assert page(at, host=host).source_hash == page(at, host=labelled).source_hash
    assert (
        page(at, host=host, language="de").source_hash != page(at, host=labelled, language="de").source_hash
    )


def test_a_move_leaves_the_notices_of_the_old_room_behind() -> None:
    on = date(2026, 11, 21)
    rooms = (
        Period(unit_id="u1", unit="one", title="One", from_on=sample.ARRIVAL, until_on=on),
        Period(unit_id="u2", unit="two", title="Two", from_on=on, until_on=sample.DEPARTURE),
    )
    host = told(notice(until=sample.DEPARTURE, units=("one",)))
    view = sample.view(periods=rooms)
    assert page(sample.MOMENTS["arriving"], host=host, shown=view).sealed_notices == ("water",)
    assert page(sample.MOMENTS["departing"], host=host, shown=view).sealed_notices == ()
