"""One calculator, asked once or line by line: `--json`, words for people, and `batch`."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from deploy.trialops.calculators.fields import Fields
from deploy.trialops.calculators.invalid import InputInvalid
from deploy.trialops.calculators.json_input import parsed, read_lines
from deploy.trialops.output import print_result

Result = dict[str, Any]


def show_lines(result: Mapping[str, Any]) -> None:
    """A result for people: a line per field, in words."""
    print_result({name: in_words(value) for name, value in result.items()}, as_json=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calculator:
    """A question with named arguments.

    Attributes:
        name: of the command.
        arguments: the names it takes, as its options with `_` for `-`.
        answer: computes the result; raises InputInvalid.
        show: prints a result for people.
    """

    name: str
    arguments: frozenset[str]
    answer: Callable[[Fields], Result]
    show: Callable[[Result], None] = show_lines

    def result(self, arguments: object) -> Result:
        return self.answer(Fields(arguments, self.arguments))


def answer_once(calculator: Calculator, arguments: Mapping[str, Any], as_json: bool) -> Result:
    """Prints the answer to one question and returns it.

    Raises:
        InputInvalid: see the calculator; a field of the command's own is named as its option is spelled.
    """
    try:
        result = calculator.result(arguments)
    except InputInvalid as invalid:
        if invalid.field in calculator.arguments:
            option = "--" + invalid.field.replace("_", "-")
            raise InputInvalid(option, invalid.code, invalid.message) from None
        raise
    if as_json:
        _print_line(result)
        return result
    try:
        calculator.show(result)
    except UnicodeEncodeError:
        raise InputInvalid(
            "output", "not_printable", "This terminal cannot show the answer; use --json."
        ) from None
    return result


def answer_batch(calculators: Mapping[str, Calculator], file: str) -> None:
    """Prints a line for each line of a file, in order, whether it can be answered or not; blank lines are none.

    Raises:
        InputInvalid: the file cannot be read.
    """
    for line in read_lines(file, "file"):
        _print_line(_answered(calculators, line))


def _answered(calculators: Mapping[str, Calculator], line: bytes) -> Result:
    line_id: str | int | None = None
    try:
        document = parsed(line, "line")
        line_id = _id_of(document)
        fields = Fields(document, ("id", "command", "arguments"))
        calculator = calculators[fields.choice("command", tuple(calculators))]
        return {"id": line_id, "result": calculator.result(_arguments_of(document))}
    except InputInvalid as invalid:
        return {"id": line_id, "problem": invalid.as_problem()}


def _id_of(document: object) -> str | int | None:
    if not isinstance(document, Mapping):
        raise InputInvalid("line", "not_an_object", "A line is an object with id, command and arguments.")
    value = document.get("id")
    if value is None or (isinstance(value, str | int) and not isinstance(value, bool)):
        return value
    raise InputInvalid("id", "id_invalid", "An id is a text or a whole number.")


def _arguments_of(document: Mapping[str, Any]) -> object:
    arguments = document.get("arguments")
    return {} if arguments is None else arguments


def _print_line(document: Result) -> None:
    """One line of JSON in ASCII, the same bytes on every terminal."""
    sys.stdout.write(json.dumps(document, allow_nan=False) + "\n")


def in_words(value: Any) -> Any:
    """A value for people: yes and no, unknown for null, lists with commas."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(str(in_words(one)) for one in value) or "none"
    return value


def utc_text(at: datetime) -> str:
    """An instant in UTC with `Z`."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def plain_number(value: float) -> int | float:
    """A whole number without its point."""
    return int(value) if value.is_integer() else value
