"""What the service says about itself: logs without anybody's text, and the thread through a request.

A log line is one JSON object on stdout. Only known keys leave, an event has a fixed name, and a value that
looks like free text is withheld: whoever logs by mistake what a person wrote, logs nothing. Libraries'
messages are cut down the same way. What is dropped is counted in `LOSSES`.
"""

import json
import logging
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Generic, TypeVar

import structlog

from shared.clock import format_instant, monotonic, server_now
from shared.ids import new_hex

T = TypeVar("T")

WITHHELD = "[withheld]"

ALLOWED_KEYS = frozenset(
    {
        *(
            "age_seconds",
            "aggregate_id",
            "aggregate_version",
            "attempts",
            "code",
            "consumer",
            "correlation_id",
        ),
        *("count", "endpoint", "environment", "epoch", "event_id", "event_type", "exception_at"),
        *(
            "exception_text",
            "exception_type",
            "failing",
            "job",
            "kid",
            "logger",
            "message",
            "method",
            "offset",
        ),
        *("partition", "partition_key", "port", "principal", "producer", "purpose", "reason", "reasons"),
        *("request_id", "role", "rows", "scope", "seconds", "sequence", "service", "state", "status"),
        *("suppressed", "token_id", "topic", "trace_id", "unit", "variable", "version"),
    }
)
"""The log schema. A service adds its own keys to it; a key must stand for a code, an id or a number."""

_EVENT_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_NOT_TEXT = re.compile(r"[^\s\x00-\x1f\x7f]{0,200}")
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_LIBRARY_LEVELS: Mapping[str, int] = {
    "aiokafka": logging.WARNING,
    "alembic": logging.WARNING,
    "asyncio": logging.WARNING,
    "faststream": logging.WARNING,
    "sqlalchemy": logging.WARNING,
    "uvicorn": logging.INFO,
    "uvicorn.access": logging.CRITICAL + 1,
    "uvicorn.error": logging.INFO,
}


class _OurText(str):
    """Text that this module made and vouches for; any other text is withheld."""

    __slots__ = ()


class Pii(Generic[T]):
    """A value about a person: it can be stored and compared, but not printed, formatted or logged."""

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def reveal(self) -> T:
        """The value, for the one place that stores or shows it."""
        return self._value

    def __repr__(self) -> str:
        return WITHHELD

    def __format__(self, spec: str) -> str:
        return WITHHELD

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pii) and bool(self._value == other._value)

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> Any:
        raise TypeError("a Pii value is not copied out of the process")


@dataclass(slots=True)
class Losses:
    """What the log left out since the start of the process."""

    dropped_keys: int = 0
    withheld_values: int = 0
    lost_lines: int = 0


LOSSES = Losses()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """The thread through one request, or through the work that one event causes."""

    service: str
    request_id: str = ""
    correlation_id: str = ""
    traceparent: str = ""


_CONTEXT: ContextVar[RequestContext | None] = ContextVar("request_context", default=None)
_NO_CONTEXT = RequestContext(service="")


def current_context() -> RequestContext:
    """The context of the running task; one with empty fields outside of any."""
    return _CONTEXT.get() or _NO_CONTEXT


@contextmanager
def entered(context: RequestContext) -> Iterator[None]:
    """Work under this context: logs carry its ids."""
    token = _CONTEXT.set(context)
    try:
        yield
    finally:
        _CONTEXT.reset(token)


def new_traceparent() -> str:
    """A new trace, not sampled."""
    return f"00-{new_hex(16)}-{new_hex(8)}-00"


def child_traceparent(parent: str | None) -> str:
    """A new step of the trace that `parent` names; a new trace when it names none.

    Source: W3C Trace Context, section 3.2; a later version is read as far as version 00 goes.
    """
    match = _TRACEPARENT.fullmatch(parent or "")
    if match is None or match[1] == "ff" or (match[1] == "00" and match[5]):
        return new_traceparent()
    if match[2] == "0" * 32 or match[3] == "0" * 16:
        return new_traceparent()
    return f"00-{match[2]}-{new_hex(8)}-{int(match[4], 16) & 1:02x}"


def trace_id_of(traceparent: str) -> str:
    """The 32 hexadecimal digits that all steps of a trace share; empty when there is no trace."""
    match = _TRACEPARENT.fullmatch(traceparent)
    return match[2] if match else ""


def configure_logging(
    service: str,
    *,
    level: int = logging.INFO,
    extra_keys: frozenset[str] = frozenset(),
    exception_text: bool = False,
) -> None:
    """Send every log of this process, ours and the libraries', as JSON lines to stdout.

    Args:
        service: named in lines that belong to no request.
        level: lowest level of our own lines.
        extra_keys: the service's own keys.
        exception_text: also write exceptions' own text, which may repeat input: for development only.
    """
    structlog.configure(
        processors=[
            _adding_context(service),
            _describing_exception(exception_text),
            _schema(ALLOWED_KEYS | extra_keys),
            _render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_Lines,
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    stream_handlers = (logging.StreamHandler, LibraryHandler)
    root.handlers = [handler for handler in root.handlers if type(handler) not in stream_handlers]
    root.addHandler(LibraryHandler())
    for name, lowest in _LIBRARY_LEVELS.items():
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
        library.setLevel(lowest)


class LibraryHandler(logging.Handler):
    """Brings the libraries' records into our log, without their text arguments and never in floods.

    Of one place in a library's code at most `burst` lines leave in `seconds`; the next says how many did not.
    """

    def __init__(
        self, *, burst: int = 10, seconds: float = 60.0, now: Callable[[], float] = monotonic
    ) -> None:
        super().__init__()
        self._burst = burst
        self._seconds = seconds
        self._now = now
        self._places: dict[tuple[str, int], tuple[float, int]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        try:
            suppressed = self._suppressed(record)
            if suppressed is None:
                return
            counted = {"suppressed": suppressed} if suppressed else {}
            structlog.get_logger(record.name).log(
                record.levelno,
                "library_log",
                message=_OurText(_template(record)),
                exc_info=record.exc_info,
                **counted,
            )
        except Exception:
            LOSSES.lost_lines += 1

    def _suppressed(self, record: logging.LogRecord) -> int | None:
        """None when this record must not leave; else how many before it did not."""
        place, now = (record.name, record.lineno), self._now()
        if len(self._places) > 1000:
            self._places.clear()
        since, count = self._places.get(place, (now, 0))
        if now - since < self._seconds:
            self._places[place] = (since, count + 1)
            return 0 if count < self._burst else None
        self._places[place] = (now, 1)
        return max(0, count - self._burst)


class _Lines:
    """One logger's way to stdout; a log that cannot be written must not stop the service."""

    def __init__(self, name: str = "") -> None:
        self.name = name

    def msg(self, line: str) -> None:
        try:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        except (OSError, ValueError):
            LOSSES.lost_lines += 1

    debug = info = warning = error = critical = exception = fatal = msg


def _template(record: logging.LogRecord) -> str:
    """A library's message with its numbers, but with every other argument withheld; the first line of it."""
    template, arguments = str(record.msg), record.args
    if isinstance(arguments, Mapping):
        message = _filled(template, {key: _only_number(value) for key, value in arguments.items()})
    elif arguments:
        message = _filled(template, tuple(_only_number(value) for value in arguments))
    else:
        message = template
    return message.partition("\n")[0][:300]


def _filled(template: str, arguments: Any) -> str:
    try:
        return str(template % arguments)
    except (TypeError, ValueError, KeyError):
        return template


def _only_number(value: object) -> object:
    return value if isinstance(value, int | float) else WITHHELD


def _adding_context(service: str) -> structlog.types.Processor:
    def add(logger: Any, method: str, line: structlog.types.EventDict) -> structlog.types.EventDict:
        context = current_context()
        line.setdefault("service", context.service or service)
        if context.request_id:
            line.setdefault("request_id", context.request_id)
        if context.correlation_id:
            line.setdefault("correlation_id", context.correlation_id)
        if context.traceparent:
            line.setdefault("trace_id", trace_id_of(context.traceparent))
        line["logger"] = logger.name
        line["level"] = method
        return line

    return add


def _describing_exception(with_text: bool) -> structlog.types.Processor:
    """Type and places of an exception; its text only when asked for, because it may repeat what was sent."""

    def describe(logger: Any, method: str, line: structlog.types.EventDict) -> structlog.types.EventDict:
        error = line.pop("exc_info", None)
        line.pop("stack_info", None)
        if error is True:
            error = sys.exc_info()[1]
        elif isinstance(error, tuple):
            error = error[1]
        if isinstance(error, BaseException):
            line["exception_type"] = type(error).__qualname__
            line["exception_at"] = [
                _place(frame) for frame in traceback.extract_tb(error.__traceback__)[-15:]
            ]
            if with_text:
                line["exception_text"] = _OurText("".join(traceback.format_exception(error)))
        return line

    return describe


def _place(frame: traceback.FrameSummary) -> str:
    return f"{'/'.join(frame.filename.split('/')[-3:])}:{frame.lineno}:{frame.name}"


def _schema(allowed: frozenset[str]) -> structlog.types.Processor:
    def keep(logger: Any, method: str, line: structlog.types.EventDict) -> structlog.types.EventDict:
        event = line.pop("event", "")
        named = isinstance(event, str) and _EVENT_NAME.fullmatch(event) is not None
        LOSSES.withheld_values += 0 if named else 1
        kept = {"at": format_instant(server_now()), "level": line.pop("level", "")}
        kept["event"] = event if named else "unnamed"
        for key, value in line.items():
            if key in allowed:
                kept[key] = _safe(value)
            else:
                LOSSES.dropped_keys += 1
        return kept

    return keep


def _safe(value: Any) -> Any:
    match value:
        case Enum():
            return _safe(value.value)
        case None | bool() | int() | float():
            return value
        case datetime():
            return format_instant(value)
        case _OurText():
            return str(value)
        case str() if _NOT_TEXT.fullmatch(value):
            return value
        case list() | tuple() | set() | frozenset():
            return [_safe(each) for each in list(value)[:50]]
    LOSSES.withheld_values += 1
    return WITHHELD


def _render(logger: Any, method: str, line: structlog.types.EventDict) -> str:
    return json.dumps(line, separators=(",", ":"))
