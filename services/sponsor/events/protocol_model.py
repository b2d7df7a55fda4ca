"""How the protocol file is read and written: strictly, and exactly as it was stated."""

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer
from pydantic_core import PydanticCustomError

CONTRADICTION = "contradiction"
"""Type of the errors whose context lists `problems` as (path within the object, message)."""


class ProtocolModel(BaseModel):
    """Strict reading: an unknown key or a number written as text is an error with its path.

    Written, it says what was stated and nothing else: defaults are left out and every key is spelled as in
    the file, so that readers of the event see the uploaded document.
    """

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, str_strip_whitespace=True, populate_by_name=True
    )

    @model_serializer(mode="wrap")
    def _as_stated(self, written: SerializerFunctionWrapHandler):  # type: ignore[no-untyped-def]
        # Without a return annotation the JSON Schema stays that of the fields.
        everything = written(self)
        stated = {}
        for name, field in type(self).model_fields.items():
            if name in self.model_fields_set:
                spelled = field.alias or name
                stated[spelled] = everything[spelled] if spelled in everything else everything[name]
        return stated


def raise_contradictions(*problems: tuple[str, str, bool]) -> None:
    """Raise one error for all that hold, each given as (path, message, whether it is a problem)."""
    found = [(path, message) for path, message, holds in problems if holds]
    if found:
        text = "; ".join(f"{path}: {message}" for path, message in found)
        raise PydanticCustomError(CONTRADICTION, "{text}", {"text": text, "problems": found})
