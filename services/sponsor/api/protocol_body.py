"""Reading an uploaded protocol file so that every error is named by its path in the file."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError

from services.sponsor.events.protocol_file import ProtocolFile
from services.sponsor.events.protocol_model import CONTRADICTION
from shared.json_body import BodyInvalid, read_json
from shared.problems import MAX_ERRORS, safe_errors

MAX_PROTOCOL_BYTES = 200 * 1024

_STEP = re.compile(r"[a-z][a-z0-9_]{0,39}|[0-9]{1,3}|[A-Z]{2}")


def read_protocol_file(raw: bytes) -> dict[str, Any]:
    """The document as stated, once its form is right.

    Raises:
        BodyInvalid: 422 with every error as path, rule and message.
        Problem: see `read_json`.
    """
    raw = read_json(raw)
    stated = json.loads(raw)
    try:
        file = ProtocolFile.model_validate_json(raw)
    except ValidationError as error:
        found = error.errors(include_url=False)
    else:
        document: dict[str, Any] = file.model_dump(mode="json")
        return document
    raise BodyInvalid([entry for one in found for entry in _entries(one, stated)][:MAX_ERRORS])


def _entries(error: Any, stated: Any) -> Iterator[dict[str, str]]:
    """One entry per problem; an error of several fields says which of them contradict each other."""
    steps = _steps(error["loc"], stated)
    if error["type"] == CONTRADICTION:
        for path, message in error["ctx"]["problems"]:
            yield {"path": ".".join([*steps, path]), "rule": CONTRADICTION, "message": message}
        return
    [entry] = safe_errors([error])
    yield entry | {"path": ".".join(steps)}


def _steps(location: Sequence[int | str], stated: Any) -> list[str]:
    """Steps that lead through the file; the name of a union's branch is not one of them."""
    steps: list[str] = []
    here = stated
    for index, step in enumerate(location):
        last = index == len(location) - 1
        if isinstance(here, dict) and step not in here and not last:
            continue
        if step == "[key]":
            continue
        text = str(step)
        steps.append(text if _STEP.fullmatch(text) else "?")
        here = _inside(here, step)
    return steps


def _inside(here: Any, step: int | str) -> Any:
    try:
        return here[step]
    except (KeyError, IndexError, TypeError):
        return None
