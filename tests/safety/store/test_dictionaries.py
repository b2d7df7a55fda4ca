import pytest

from services.safety.store.dictionaries import dictionary_for


@pytest.mark.parametrize(
    ("pinned", "shipped"),
    [
        ("5.0+0", "5.0+0"),
        ("6.0+2026-01-20", "6.0+2026-01-20"),
        ("6.0+2027-01-01", "6.0+2026-01-20"),
        ("", "5.0+0"),
        ("4.03+0", "5.0+0"),
    ],
)
def test_the_dictionary_of_the_pinned_version_is_found(pinned: str, shipped: str) -> None:
    assert dictionary_for(pinned).pinned == shipped


def test_a_dictionary_is_read_once() -> None:
    assert dictionary_for("5.0+0") is dictionary_for("5.0+1")
