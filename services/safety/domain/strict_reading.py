"""Strict reading of a JSON object: keys are asked for by name, whatever was not asked for is refused."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from services.safety.domain.refusals import Refused


class StrictObject:
    """One JSON object and the path that leads to it; remembers which keys have been read."""

    __slots__ = ("_content", "_read", "path")

    def __init__(self, content: object, path: str) -> None:
        if not isinstance(content, Mapping):
            raise not_readable(path, "not an object")
        self._content = content
        self._read: set[str] = set()
        self.path = path

    def has(self, key: str) -> bool:
        """Whether the key is present with a value other than null."""
        return self._raw(key) is not None

    def text(self, key: str) -> str:
        value = self._raw(key)
        if not isinstance(value, str) or not value.strip():
            raise not_readable(self._at(key), "not a text")
        return value.strip()

    def whole(self, key: str, low: int, high: int) -> int:
        value = self._raw(key)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise not_readable(self._at(key), f"not a whole number from {low} to {high}")
        return value

    def true(self, key: str) -> bool:
        if self._raw(key) is not True:
            raise not_readable(self._at(key), "can only be true")
        return True

    def choice(self, key: str, allowed: Collection[str]) -> str:
        value = self._raw(key)
        if not isinstance(value, str) or value not in allowed:
            raise not_readable(self._at(key), f"not one of {', '.join(sorted(allowed))}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """List of texts; absent or null reads as empty."""
        values = self._list(key) if self.has(key) else ()
        for index, value in enumerate(values):
            if not isinstance(value, str) or not value.strip():
                raise not_readable(f"{self._at(key)}[{index}]", "not a text")
        return tuple(str(value).strip() for value in values)

    def items(self, key: str) -> Sequence[object]:
        """The items of a list, as they are."""
        return self._list(key)

    def child(self, key: str) -> "StrictObject":
        return StrictObject(self._raw(key), self._at(key))

    def children(self, key: str) -> Iterator["StrictObject"]:
        for index, value in enumerate(self._list(key)):
            yield StrictObject(value, f"{self._at(key)}[{index}]")

    def close(self) -> None:
        """Refuse the object if it holds a key that nobody asked for."""
        for key in self._content:
            if key not in self._read:
                raise not_readable(self._at(str(key)), "unknown key")

    def _raw(self, key: str) -> object:
        self._read.add(key)
        return self._content.get(key)

    def _list(self, key: str) -> Sequence[object]:
        value = self._raw(key)
        if not isinstance(value, (list, tuple)):
            raise not_readable(self._at(key), "not a list")
        return value

    def _at(self, key: str) -> str:
        return f"{self.path}.{key}"


def not_readable(path: str, problem: str) -> Refused:
    return Refused("dlt_definition_invalid", f"{path}: {problem}.", {"path": path})
