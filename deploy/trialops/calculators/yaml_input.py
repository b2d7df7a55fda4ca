"""Files of YAML or JSON, read strictly: no aliases, no tags, no key twice, no guesses about what a word means."""

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from deploy.trialops.calculators.invalid import InputInvalid, shown_key
from deploy.trialops.calculators.json_input import parsed

MOST_BYTES = 1024 * 1024
_DEEPEST = 50


class _Refused(Exception):
    pass


class _Loader(yaml.SafeLoader):
    """YAML whose plain words are texts, except null, true, false and decimal numbers."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise _Refused("Aliases and anchors are not read.")
        if getattr(event, "tag", None) is not None:
            raise _Refused("Tags are not read.")
        if self._depth >= _DEEPEST:
            raise _Refused("This is nested too deep.")
        self._depth += 1
        node: yaml.Node | None = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        members: dict[Hashable, Any] = {}
        for key_node, value_node in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise _Refused("A key is not a text.")
            if key in members:
                raise _Refused(f"A key is given twice: {shown_key(key)}.")
            members[key] = self.construct_object(value_node, deep=True)
        return members


def _number(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Any:
    return parsed(loader.construct_scalar(node).encode(), "number")


_Loader.yaml_implicit_resolvers = {}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""]
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_implicit_resolver(
    "tag:trialops,number",
    re.compile(r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$"),
    list("-0123456789"),
)
_Loader.add_constructor("tag:trialops,number", _number)


def read_document(path: str, field: str) -> Any:
    """The document of a file: JSON when it reads as JSON, else YAML. Numbers are as JSON gives them, exact.

    Raises:
        InputInvalid: naming `field`, when it cannot be read, is too large, or is neither.
    """
    try:
        with Path(path).open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else None
        message = f"The file cannot be read: {why or 'no usable path'}."
        raise InputInvalid(field, "file_unreadable", message) from None
    if len(raw) > MOST_BYTES:
        raise InputInvalid(field, "too_large", f"This has more than {MOST_BYTES} bytes.")
    try:
        return parsed(raw, field)
    except InputInvalid as invalid:
        if invalid.code != "not_json" or path.casefold().endswith(".json"):
            raise
    return _from_yaml(raw.decode("utf-8-sig"), field)


def _from_yaml(text: str, field: str) -> Any:
    try:
        loader = _Loader(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except _Refused as refused:
        raise InputInvalid(field, "yaml_refused", str(refused)) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark is not None else ""
        raise InputInvalid(field, "not_yaml", f"This is neither JSON nor YAML{place}.") from None
    except (yaml.YAMLError, RecursionError):
        raise InputInvalid(field, "not_yaml", "This is neither JSON nor YAML.") from None
