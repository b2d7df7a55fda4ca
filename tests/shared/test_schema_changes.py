from typing import Any

import pytest

from shared.schema_changes import incompatible_changes

OLD: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "level": {"type": "integer", "minimum": 1},
        "state": {"enum": ["open", "closed"], "type": "string"},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        "rows": {"type": "array", "items": {"$ref": "#/$defs/Row"}},
    },
    "required": ["id", "level", "state", "rows"],
    "$defs": {"Row": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}},
}


def changed(**properties: Any) -> dict[str, Any]:
    return OLD | {"properties": OLD["properties"] | properties}


def test_an_equal_schema_breaks_nobody() -> None:
    assert incompatible_changes(OLD, OLD) == []


def test_a_new_optional_field_breaks_nobody() -> None:
    assert incompatible_changes(OLD, changed(extra={"type": "string"})) == []


@pytest.mark.parametrize(
    ("new", "path"),
    [
        (OLD | {"properties": {k: v for k, v in OLD["properties"].items() if k != "id"}}, "$.id"),
        (OLD | {"required": ["level", "state", "rows"]}, "$.id"),
        (changed(extra={"type": "string"}) | {"required": [*OLD["required"], "extra"]}, "$.extra"),
        (changed(level={"type": "string"}), "$.level"),
        (changed(level={"type": "integer", "minimum": 0}), "$.level"),
        (changed(state={"enum": ["open", "closed", "held"], "type": "string"}), "$.state"),
        (changed(state={"enum": ["open"], "type": "string"}), "$.state"),
        (changed(note={"type": "string"}), "$.note"),
        (OLD | {"$defs": {"Row": {"type": "object", "properties": {"n": {"type": "string"}}}}}, "$.rows[].n"),
        (OLD | {"$defs": {"Row": {"type": "object", "properties": {}}}}, "$.rows[].n"),
    ],
)
def test_any_other_change_is_named_by_its_path(new: dict[str, Any], path: str) -> None:
    assert any(change.startswith(f"{path}:") for change in incompatible_changes(OLD, new))
