import asyncio
import copy
import json
import logging
import pickle
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import pytest
import structlog

from shared.telemetry import (
    ALLOWED_KEYS,
    LOSSES,
    WITHHELD,
    LibraryHandler,
    Pii,
    RequestContext,
    child_traceparent,
    configure_logging,
    current_context,
    entered,
    new_traceparent,
    trace_id_of,
)

CANARY = "Zaphod Beeblebrox 943 476 5919"
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class Colour(StrEnum):
    RED = "red"


@pytest.fixture(autouse=True)
def _logging() -> Iterator[None]:
    """The process's own logging, put back afterwards."""
    root = logging.getLogger()
    handlers, before = list(root.handlers), structlog.get_config()
    configure_logging("orders")
    yield
    root.handlers = handlers
    structlog.configure(**before)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_line_is_one_json_object_with_time_level_name_and_service(
    capsys: pytest.CaptureFixture[str],
) -> None:
    structlog.get_logger("shared.relay").info("relay_leader_taken", epoch=3, topic="orders.events.v1")

    (line,) = lines(capsys)
    at = line.pop("at")
    assert datetime.fromisoformat(at).utcoffset() is not None
    assert line == {
        "level": "info",
        "event": "relay_leader_taken",
        "epoch": 3,
        "topic": "orders.events.v1",
        "service": "orders",
        "logger": "shared.relay",
    }


def test_lines_of_a_request_carry_its_ids(capsys: pytest.CaptureFixture[str]) -> None:
    context = RequestContext(service="billing", request_id="r1", correlation_id="c1", traceparent=PARENT)

    with entered(context):
        assert current_context() is context
        structlog.get_logger("x").info("inside")
    structlog.get_logger("x").info("outside")

    inside, outside = lines(capsys)
    assert (inside["service"], inside["request_id"], inside["correlation_id"]) == ("billing", "r1", "c1")
    assert inside["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert outside["service"] == "orders"
    assert "request_id" not in outside
    assert current_context().request_id == ""


async def test_two_requests_at_once_do_not_mix_their_ids() -> None:
    async def one(number: int) -> str:
        with entered(RequestContext(service="orders", request_id=str(number))):
            await asyncio.sleep(0)
            return current_context().request_id

    assert await asyncio.gather(*(one(number) for number in range(20))) == [
        str(number) for number in range(20)
    ]


def test_an_unknown_key_is_dropped_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    before = LOSSES.dropped_keys

    structlog.get_logger("x").info("stored", narrative=CANARY, birth_date="2019-05-05", count=2)

    (line,) = lines(capsys)
    assert line["count"] == 2
    assert "narrative" not in line
    assert "birth_date" not in line
    assert LOSSES.dropped_keys == before + 2


def test_a_service_can_add_its_own_keys(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("orders", extra_keys=frozenset({"shelf"}))

    structlog.get_logger("x").info("stored", shelf="a1")

    assert lines(capsys)[0]["shelf"] == "a1"


@pytest.mark.parametrize(
    "value",
    [
        CANARY,
        "two words",
        "line\nbreak",
        "x" * 201,
        Pii("Zaphod"),
        {"name": "Zaphod"},
        b"Zaphod",
        RuntimeError(CANARY),
        object(),
    ],
)
def test_a_value_that_may_be_somebodys_text_is_withheld(
    capsys: pytest.CaptureFixture[str], value: object
) -> None:
    before = LOSSES.withheld_values

    structlog.get_logger("x").info("refused", reason=value, message=value, exception_text=value)

    (line,) = lines(capsys)
    assert line["reason"] == line["message"] == line["exception_text"] == WITHHELD
    assert LOSSES.withheld_values == before + 3


def test_codes_numbers_times_and_lists_of_them_are_logged(capsys: pytest.CaptureFixture[str]) -> None:
    at = datetime(2026, 11, 21, 13, tzinfo=UTC)

    structlog.get_logger("x").info(
        "counted",
        state=Colour.RED,
        seconds=0.5,
        version=None,
        reason=at,
        failing=["store", "two words"],
        rows=True,
    )

    (line,) = lines(capsys)
    assert line["state"] == "red"
    assert (line["seconds"], line["version"], line["rows"]) == (0.5, None, True)
    assert line["reason"] == "2026-11-21T13:00:00.000000Z"
    assert line["failing"] == ["store", WITHHELD]


@pytest.mark.parametrize("event", [CANARY, "Order stored", f"stored {CANARY}", "", "x" * 65, {"a": 1}])
def test_an_event_without_a_fixed_name_loses_its_text(capsys: pytest.CaptureFixture[str], event: Any) -> None:
    structlog.get_logger("x").warning(event)

    (line,) = lines(capsys)
    assert line["event"] == "unnamed"
    assert "Zaphod" not in json.dumps(line)


def test_an_exception_is_logged_by_type_and_place_without_its_text(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log = structlog.get_logger("x")
    try:
        raise KeyError(CANARY)
    except KeyError as error:
        log.error("failed", exc_info=error)
        log.exception("failed")

    for line in lines(capsys):
        assert line["exception_type"] == "KeyError"
        assert line["exception_at"][0].startswith("tests/shared/test_telemetry.py:")
        assert "Zaphod" not in json.dumps(line)


def test_in_development_the_text_of_an_exception_can_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("orders", exception_text=True)

    structlog.get_logger("x").error("failed", exc_info=RuntimeError("pump broke"))

    assert "RuntimeError: pump broke" in lines(capsys)[0]["exception_text"]


def test_lines_below_the_level_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("orders", level=logging.WARNING)

    structlog.get_logger("x").info("quiet")

    assert lines(capsys) == []


def test_a_log_that_cannot_be_written_does_not_stop_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    before = LOSSES.lost_lines
    monkeypatch.setattr("sys.stdout", Full())

    structlog.get_logger("x").info("stored")

    assert LOSSES.lost_lines == before + 1


def test_messages_of_libraries_lose_their_text_but_keep_their_numbers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logging.getLogger("aiokafka.conn").error("Unable connect to node with id %s: %s\nmore", 3, CANARY)
    logging.getLogger("uvicorn.error").info("Started server process [%d]", 42)
    logging.getLogger("x").warning("%(name)s at %(line)d", {"name": CANARY, "line": 7})
    broken = logging.LogRecord("x", logging.WARNING, "x.py", 1, "%d", (CANARY,), None)
    LibraryHandler().emit(broken)

    written = lines(capsys)
    assert [line["message"] for line in written] == [
        f"Unable connect to node with id 3: {WITHHELD}",
        "Started server process [42]",
        f"{WITHHELD} at 7",
        "%d",
    ]
    assert {line["event"] for line in written} == {"library_log"}
    assert [line["logger"] for line in written][:2] == ["aiokafka.conn", "uvicorn.error"]
    assert [line["level"] for line in written][:2] == ["error", "info"]
    assert "Zaphod" not in json.dumps(written)


def test_an_exception_of_a_library_loses_its_text_too(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise ValueError(CANARY)
    except ValueError:
        logging.getLogger("sqlalchemy.pool").exception("Exception during reset or similar")

    (line,) = lines(capsys)
    assert line["exception_type"] == "ValueError"
    assert "Zaphod" not in json.dumps(line)


def test_access_logs_with_their_addresses_are_off(capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("uvicorn.access").info('%s - "GET /people/%s"', "10.0.0.1", CANARY)

    assert lines(capsys) == []


def test_a_flood_of_one_message_is_cut_and_the_rest_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    now = 0.0
    flooding, other = logging.getLogger("flooding"), logging.getLogger("flooding.other")
    flooding.propagate = False
    flooding.handlers = [LibraryHandler(burst=3, seconds=60, now=lambda: now)]

    for _ in range(100):
        flooding.error("connection lost")
    other.error("something else")
    now = 61.0
    for _ in range(2):
        flooding.error("connection lost")
    for _ in range(100):
        flooding.error("connection lost")

    written = lines(capsys)
    assert [line["message"] for line in written].count("connection lost") == 3 + 2 + 3
    assert [line["message"] for line in written].count("something else") == 1


def test_the_first_line_after_a_flood_says_how_many_were_cut(capsys: pytest.CaptureFixture[str]) -> None:
    now = 0.0
    flooding = logging.getLogger("flooding")
    flooding.propagate = False
    flooding.handlers = [LibraryHandler(burst=3, seconds=60, now=lambda: now)]

    for passed in (0, 0, 0, 0, 0, 61):
        now = float(passed)
        flooding.error("connection lost")

    assert [line.get("suppressed") for line in lines(capsys)] == [None, None, None, 2]


def test_configuring_twice_does_not_write_twice(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("orders")

    logging.getLogger("x").warning("once")

    assert len(lines(capsys)) == 1


def test_the_schema_has_no_key_for_text() -> None:
    assert not ALLOWED_KEYS & {"name", "text", "narrative", "detail", "body", "value", "input", "path", "url"}


def test_a_value_about_a_person_is_not_shown_by_any_form_of_printing() -> None:
    value = Pii(CANARY)

    shown = [repr(value), str(value), f"{value}", f"{value!r:>40}", "%s" % value, f"{[value]}", f"{value:>3}"]  # noqa: UP031
    assert all("Zaphod" not in text for text in shown)
    assert all(WITHHELD in text for text in shown)
    assert value.reveal() == CANARY
    assert value == Pii(CANARY)
    assert value != Pii("other")
    assert value != CANARY
    assert len({value, Pii(CANARY)}) == 1
    assert not hasattr(value, "__dict__")


def test_a_value_about_a_person_does_not_leave_as_json_or_as_a_copy() -> None:
    with pytest.raises(TypeError):
        json.dumps(Pii("x"))
    with pytest.raises(TypeError):
        pickle.dumps(Pii("x"))
    with pytest.raises(TypeError):
        copy.copy(Pii("x"))


def test_a_child_keeps_the_trace_and_its_sampling_and_has_its_own_step() -> None:
    child = child_traceparent(PARENT)

    version, trace, step, flags = child.split("-")
    assert (version, trace, flags) == ("00", "4bf92f3577b34da6a3ce929d0e0e4736", "01")
    assert step != "00f067aa0ba902b7"
    assert len(step) == 16
    assert trace_id_of(child) == trace
    assert child_traceparent(PARENT[:-2] + "fe").endswith("-00")
    assert child_traceparent("cc" + PARENT[2:] + "-new-part").split("-")[1] == trace


@pytest.mark.parametrize(
    "parent",
    [
        None,
        "",
        "nonsense",
        PARENT.upper(),
        PARENT + "-more",
        PARENT[:-1],
        "ff" + PARENT[2:],
        PARENT.replace("4bf92f3577b34da6a3ce929d0e0e4736", "0" * 32),
        PARENT.replace("00f067aa0ba902b7", "0" * 16),
        " " + PARENT,
        PARENT + "\n",
    ],
)
def test_a_parent_that_names_no_trace_starts_a_new_one(parent: str | None) -> None:
    child = child_traceparent(parent)

    assert trace_id_of(child) not in ("", "4bf92f3577b34da6a3ce929d0e0e4736", "0" * 32)


def test_new_traces_differ_and_are_well_formed() -> None:
    made = {new_traceparent() for _ in range(100)}

    assert len({trace_id_of(each) for each in made}) == 100
    assert all(len(each) == 55 for each in made)
