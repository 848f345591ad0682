"""What the ledger asks the database for, and how."""

from pathlib import Path

import pytest

from guestlink.database import open_database


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("live_pages", "pages_by_property (property_id=? AND target=?)"),
        ("live_assets", "pages_by_property (property_id=? AND target=? AND kind=?)"),
        ("live_pages_of_stay", "pages_by_stay (stay_id=? AND target=?)"),
        ("forget_rebuilds", "rebuilds_by_end (finished_at<?)"),
    ],
)
def test_a_publish_of_one_house_reads_no_other_rows(tmp_path: Path, query: str, index: str) -> None:
    """SQLite would rather walk through the whole target than sort twenty rows."""
    database = open_database("sqlite:///guestlink.db", home=tmp_path)
    values = dict.fromkeys(("target", "property_id", "stay_id", "before"), "")
    with database.write() as tx:
        text = tx._named(query)
        steps = [row["detail"] for row in tx._driver.execute(f"explain query plan {text}", values)]
    database.close()
    assert any(step.endswith(f"USING INDEX {index}") for step in steps), steps
