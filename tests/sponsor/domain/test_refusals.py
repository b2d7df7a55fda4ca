import ast
from pathlib import Path

import pytest

from services.sponsor.domain.refusals import REFUSALS, Refused, require_reason

SPONSOR = Path(__file__).parents[3] / "services" / "sponsor"
FOR_THE_EDGES = {"forbidden", "not_found", "version_conflict"}


def _codes_used() -> set[str]:
    """First argument of every Refused(...) and of every call that passes a code on."""
    used = set()
    for path in [*SPONSOR.joinpath("domain").rglob("*.py"), *SPONSOR.joinpath("commands").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"Refused", "_refuse_named"}:
                code = node.args[0]
                if isinstance(code, ast.Constant):
                    used.add(str(code.value))
    return used


def test_every_code_of_domain_and_commands_is_registered_and_every_registered_code_is_used() -> None:
    used = _codes_used()

    assert used <= set(REFUSALS)
    assert set(REFUSALS) - used == FOR_THE_EDGES


def test_a_refusal_carries_status_detail_and_facts() -> None:
    refusal = Refused("level_unknown", "The part has levels 1 to 3.", level=4)

    assert (refusal.code, refusal.detail, refusal.facts["level"]) == (
        "level_unknown",
        "The part has levels 1 to 3.",
        4,
    )
    assert refusal.kind.status == 422


def test_an_unregistered_code_is_a_programming_error() -> None:
    with pytest.raises(LookupError):
        Refused("no_such_code", "x")


def test_a_reason_is_one_line_and_never_empty() -> None:
    assert require_reason("  two\n lines ") == "two lines"
    with pytest.raises(Refused):
        require_reason("\t\n")
