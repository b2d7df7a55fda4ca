"""Rules of the house that no linter states: how long a module may be, and who may speak to a broker."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("services", "shared", "deploy", "benchmarks", "tests", "requirements")
MOST_LINES = 400

Rule = Callable[[ast.AST], bool]


def modules(*folders: str) -> Iterator[tuple[str, str]]:
    """Path from the root, and text, of every Python module in some folders of the tree."""
    for folder in folders:
        for file in sorted((ROOT / folder).rglob("*.py")):
            yield file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8")


def calls(*names: str) -> Rule:
    """Whether a node calls a function, a class or a method of one of these names, however it is reached."""

    def rule(node: ast.AST) -> bool:
        if not isinstance(node, ast.Call):
            return False
        called = node.func
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", None)
        return name in names

    return rule


def names_outbox(node: ast.AST) -> bool:
    """Whether a node is SQL that inserts into the outbox."""
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and "insert into outbox " in node.value.lower()
    )


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    lengths = {path: len(text.splitlines()) for path, text in modules(*OURS)}

    too_long = {path: lines for path, lines in lengths.items() if lines > MOST_LINES}

    assert len(lengths) > len(OURS)
    assert not too_long, f"split by subject, at most {MOST_LINES} lines: {too_long}"


@pytest.mark.parametrize(
    ("what", "rule", "allowed"),
    [
        ("makes a consumer's broker", calls("KafkaBroker"), {"shared/broker.py"}),
        ("makes a producer", calls("AIOKafkaProducer"), {"shared/kafka_transport.py"}),
        ("publishes", calls("publish", "republish"), {"shared/relay.py", "shared/kafka_transport.py"}),
        ("publishes by decorator", calls("publisher"), set()),
        ("inserts into the outbox", names_outbox, {"shared/outbox.py"}),
    ],
    ids=["broker", "producer", "publish", "publisher", "outbox"],
)
def test_only_the_delivery_core_speaks_to_a_broker(what: str, rule: Rule, allowed: set[str]) -> None:
    """An event that does not go through the outbox and the relay can be lost, doubled or out of order."""
    found = {
        path
        for path, text in modules("services", "shared", "deploy")
        if any(rule(node) for node in ast.walk(ast.parse(text)))
    }

    assert found == allowed, f"{what}: {sorted(found ^ allowed)}"
