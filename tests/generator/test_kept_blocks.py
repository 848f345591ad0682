"""What is kept of private blocks: found again as it was or not at all, whatever became of the file."""

import stat
from pathlib import Path

import pytest

from generator.kept_blocks import KeptBlocks
from generator.rendering import Blocks

KEY = bytes(range(32))
MARKS = {f"w/_/{name}/en.html": name.encode() * 8 for name in ("anas", "toms", "yuki")}
MADE = {path: Blocks(query=f"Policy={path}", stay=path.encode() * 9, codes=b"c") for path in MARKS}
ANA, TOMAS, YUKI = MARKS


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sealed" / "planted"


@pytest.fixture
def kept(file: Path) -> KeptBlocks:
    found = KeptBlocks(file, key=KEY)
    found.keep(MADE, MARKS)
    return found


def test_what_was_kept_is_found_by_another_process(kept: KeptBlocks, file: Path) -> None:
    assert kept.find(MARKS) == KeptBlocks(file, key=KEY).find(MARKS) == MADE


def test_blocks_made_from_something_else_are_not_found(kept: KeptBlocks) -> None:
    assert kept.find({**MARKS, ANA: MARKS[TOMAS]}) == {path: MADE[path] for path in (TOMAS, YUKI)}


def test_a_signed_query_is_found_by_the_beginning_of_its_mark_alone(kept: KeptBlocks) -> None:
    asked = {ANA: MARKS[ANA][:16] + b"other blocks", TOMAS: b"other query" + MARKS[TOMAS][11:]}
    assert kept.queries(asked) == {ANA: MADE[ANA].query}
    assert kept.find(asked) == {}


def test_the_newest_blocks_of_a_page_stand_in_the_place_of_older_ones(kept: KeptBlocks, file: Path) -> None:
    kept.keep({ANA: MADE[TOMAS]}, {ANA: b"new"})
    for each in (kept, KeptBlocks(file, key=KEY)):
        assert each.find({ANA: MARKS[ANA]}) == {}
        assert each.find({ANA: b"new"}) == {ANA: MADE[TOMAS]}
    assert MADE[ANA].stay not in file.read_bytes()


def test_what_is_forgotten_is_nowhere_in_the_file(kept: KeptBlocks, file: Path) -> None:
    kept.forget([ANA, "w/_/unknown/en.html"])
    assert ANA.encode() not in file.read_bytes()
    assert KeptBlocks(file, key=KEY).find(MARKS) == {path: MADE[path] for path in (TOMAS, YUKI)}


def test_a_file_that_is_mostly_wiped_becomes_short_again(kept: KeptBlocks, file: Path) -> None:
    before = file.stat().st_size
    kept.keep_only([YUKI])
    assert file.stat().st_size < before / 2
    assert kept.find(MARKS) == KeptBlocks(file, key=KEY).find(MARKS) == {YUKI: MADE[YUKI]}


def test_two_processes_see_what_the_other_one_did(kept: KeptBlocks, file: Path) -> None:
    other = KeptBlocks(file, key=KEY)
    other.keep({ANA: MADE[YUKI]}, {ANA: b"new"})
    assert kept.find({**MARKS, ANA: b"new"})[ANA] == MADE[YUKI]
    other.keep_only([TOMAS])
    kept.keep({YUKI: MADE[YUKI]}, MARKS)
    assert other.find(MARKS) == {path: MADE[path] for path in (TOMAS, YUKI)}
    other.forget([TOMAS])
    assert kept.find(MARKS) == {YUKI: MADE[YUKI]}


def test_another_key_ring_finds_nothing(kept: KeptBlocks, file: Path) -> None:
    assert kept.find(MARKS)
    assert KeptBlocks(file, key=bytes(32)).find(MARKS) == {}


def test_no_damaged_byte_reaches_a_page(kept: KeptBlocks, file: Path) -> None:
    whole, survived = file.read_bytes(), 0
    for place in range(len(whole)):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        found = KeptBlocks(file, key=KEY).find(MARKS)
        assert found.items() <= MADE.items()
        assert len(found) < len(MADE)
        survived += len(found)
    assert survived > len(whole)  # one damaged entry costs, as a rule, only itself


@pytest.mark.parametrize("left", [0, 1, 5, 40, 300])
def test_what_a_killed_process_left_of_an_entry_is_cut_off(kept: KeptBlocks, file: Path, left: int) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole + whole[:left])
    again = KeptBlocks(file, key=KEY)
    assert again.find(MARKS) == MADE
    again.keep({ANA: MADE[YUKI]}, {ANA: b"new"})
    assert KeptBlocks(file, key=KEY).find({**MARKS, ANA: b"new"}) == {**MADE, ANA: MADE[YUKI]}


def test_a_deleted_file_is_begun_anew(kept: KeptBlocks, file: Path) -> None:
    file.unlink()
    assert kept.find(MARKS) == {}
    kept.forget([ANA])
    assert not file.exists()
    kept.keep(MADE, MARKS)
    assert kept.find(MARKS) == MADE


def test_where_nothing_can_be_kept_nothing_is_and_it_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "sealed").write_text("a file where the folder should be")
    kept = KeptBlocks(tmp_path / "sealed" / "planted", key=KEY)
    kept.keep(MADE, MARKS)
    kept.keep_only([])
    assert kept.find(MARKS) == {}


def test_only_its_owner_reads_it(kept: KeptBlocks, file: Path) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    kept.keep_only([ANA])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
