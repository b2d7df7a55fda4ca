"""The hash of a folder, and the ids that it gives."""

from datetime import UTC, datetime, timedelta

from shared.ids import is_id
from shared.signed_folders import derived_id, folder_sha256

AT = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def test_hash_is_of_what_people_see_not_of_how_it_was_saved() -> None:
    plain = {"a.csv": "x,y\n1,2\n", "b.json": "{}"}
    windows = {"b.json": "{}", "a.csv": "\ufeffx,y\r\n1,2\r\n"}

    assert folder_sha256(plain) == folder_sha256(windows)


def test_any_other_content_is_another_hash() -> None:
    one = folder_sha256({"a.csv": "x\n1\n"})

    assert one != folder_sha256({"a.csv": "x\n2\n"})
    assert one != folder_sha256({"b.csv": "x\n1\n"})
    assert one != folder_sha256({"a.csv": "x\n1\n", "b.csv": ""})


def test_derived_ids_are_the_same_everywhere_and_sort_by_their_time() -> None:
    first = derived_id("5" * 64, "decision", "D1", AT)

    assert first == derived_id("5" * 64, "decision", "D1", AT)
    assert is_id(first)
    assert first < derived_id("5" * 64, "decision", "D0", AT + timedelta(seconds=1))
    others = {
        derived_id("6" * 64, "decision", "D1", AT),
        derived_id("5" * 64, "report", "D1", AT),
        derived_id("5" * 64, "decision", "D2", AT),
    }
    assert first not in others
    assert len(others) == 3
