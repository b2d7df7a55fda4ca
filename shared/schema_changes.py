"""Which changes of a JSON Schema would break somebody who reads documents of the older one.

Readers ignore fields they do not know, so a new optional field is harmless. Everything that could make a known
field disappear, change its kind or take values it could not take before is not.
"""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]


def incompatible_changes(old: Json, new: Json) -> list[str]:
    """Every change from `old` to `new` that breaks a reader, as `path: what`; empty when none does."""
    return list(_object_changes(old, new, old, new, "$"))


def _resolved(schema: Json, root: Json) -> Json:
    while "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        schema = root.get("$defs", {}).get(name, {}) | {k: v for k, v in schema.items() if k != "$ref"}
    return schema


def _object_changes(old: Json, new: Json, old_root: Json, new_root: Json, path: str) -> Iterator[str]:
    old, new = _resolved(old, old_root), _resolved(new, new_root)
    if _kinds(old, old_root) != _kinds(new, new_root):
        yield f"{path}: its type changed"
        return
    yield from _value_changes(old, new, path)
    had, has = old.get("properties", {}), new.get("properties", {})
    for name in sorted(had.keys() - has.keys()):
        yield f"{path}.{name}: removed"
    for name in sorted(set(old.get("required", ())) - set(new.get("required", ()))):
        yield f"{path}.{name}: was always there and now need not be"
    for name in sorted(set(new.get("required", ())) - had.keys()):
        yield f"{path}.{name}: new and required"
    for name in sorted(had.keys() & has.keys()):
        yield from _object_changes(had[name], has[name], old_root, new_root, f"{path}.{name}")
    if isinstance(old.get("items"), dict) and isinstance(new.get("items"), dict):
        yield from _object_changes(old["items"], new["items"], old_root, new_root, f"{path}[]")
    yield from _variant_changes(old, new, old_root, new_root, path)


def _value_changes(old: Json, new: Json, path: str) -> Iterator[str]:
    for keyword in ("const", "format", "pattern"):
        if old.get(keyword) != new.get(keyword):
            yield f"{path}: its {keyword} changed"
    if ("enum" in old) != ("enum" in new):
        yield f"{path}: its list of values appeared or went"
    elif set(map(str, old.get("enum", ()))) ^ set(map(str, new.get("enum", ()))):
        yield f"{path}: its list of values changed"
    for keyword in ("minimum", "maximum", "minLength", "maxLength", "exclusiveMinimum", "exclusiveMaximum"):
        if old.get(keyword) != new.get(keyword):
            yield f"{path}: its {keyword} changed"


def _variant_changes(old: Json, new: Json, old_root: Json, new_root: Json, path: str) -> Iterator[str]:
    for keyword in ("anyOf", "oneOf"):
        before, after = old.get(keyword, []), new.get(keyword, [])
        if len(before) != len(after):
            yield f"{path}: its alternatives changed"
            return
        for number, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _object_changes(one, other, old_root, new_root, f"{path}<{number}>")


def _kinds(schema: Json, root: Json) -> frozenset[str]:
    """The JSON types a value may have."""
    kinds = schema.get("type", ())
    found = {kinds} if isinstance(kinds, str) else set(kinds)
    for keyword in ("anyOf", "oneOf"):
        for variant in schema.get(keyword, ()):
            found |= _kinds(_resolved(variant, root), root)
    return frozenset(found)
