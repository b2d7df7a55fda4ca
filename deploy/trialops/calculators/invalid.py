"""How a calculator refuses its input."""

import re


class InputInvalid(Exception):
    """An input that cannot be used; exit code 2, or the `problem` of a batch line.

    Attributes:
        field: path of the value, as in `factors.0.weight`.
        code: stable lower-snake code.
        message: one sentence; never repeats the value, which may identify a child.
    """

    def __init__(self, field: str, code: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.code = code
        self.message = message

    def as_problem(self) -> dict[str, str]:
        return {"field": self.field, "code": self.code, "message": self.message}


_FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z_-]{0,60}")


def shown_key(key: str) -> str:
    """Somebody's key where it has the form of a field name, else `?`: a key can be a number that identifies."""
    return key if _FIELD_NAME.fullmatch(key) else "?"
