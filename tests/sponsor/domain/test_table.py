import pytest

from services.sponsor.domain.escalation.table import (
    DecisionTable,
    Row,
    TableDecision,
    overlay,
    table_from_rows,
)
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.standing import LevelCounts

# The four cells in which the R package labja/RollingSix differs from the published table.
OTHER_ROLLING_SIX: list[Row] = [
    (4, 0, 1, "escalate"),
    (5, 0, 1, "escalate"),
    (5, 0, 2, "escalate"),
    (6, 0, 1, "suspend"),
]


def test_a_protocols_own_cells_replace_the_published_ones_and_change_the_hash(
    rolling_six: DecisionTable,
) -> None:
    own = overlay(rolling_six, OTHER_ROLLING_SIX)

    assert own.decision(LevelCounts(n=4, pending=1)) is TableDecision.ESCALATE
    assert own.decision(LevelCounts(n=6, pending=1)) is TableDecision.SUSPEND
    assert sum(own.cells[cell] is not rolling_six.cells[cell] for cell in rolling_six.cells) == 4
    assert own.source.sha256 != rolling_six.source.sha256
    assert (own.source.id, own.source.version) == ("rolling_six", "2008.1")


def test_no_cells_of_its_own_leave_the_hash_unchanged(rolling_six: DecisionTable) -> None:
    assert overlay(rolling_six, []).source == rolling_six.source


def test_the_hash_does_not_depend_on_the_order_of_the_rows(rolling_six: DecisionTable) -> None:
    rows: list[Row] = [(n, dlt, c, d.value) for (n, dlt, c), d in rolling_six.cells.items()]

    again = table_from_rows("rolling_six", "2008.1", reversed(rows))

    assert again.source == rolling_six.source


def test_the_shipped_table_keeps_its_hash(rolling_six: DecisionTable) -> None:
    # A signed decision names this hash: an edited table needs a new version, not a new hash here.
    assert rolling_six.source.sha256 == ("c13090c3c9bef2c03d4ab3bcce2b34d072574b449a41146c41b57801d71ac7c7")


@pytest.mark.parametrize(
    "row",
    [(3, 2, 2, "same"), (3, -1, 0, "same"), (3, 0, 0, "maybe"), (3, 0, 0, "outside")],
)
def test_an_impossible_cell_is_refused(row: Row) -> None:
    with pytest.raises(Refused) as refusal:
        table_from_rows("own", "2026.1", [row])

    assert refusal.value.code == "design_table_invalid"


def test_a_repeated_cell_and_an_empty_table_are_refused() -> None:
    for rows in ([(1, 0, 0, "same"), (1, 0, 0, "same")], []):
        with pytest.raises(Refused) as refusal:
            table_from_rows("own", "2026.1", rows)

        assert refusal.value.code == "design_table_invalid"


@pytest.mark.parametrize("rows", [[(7, 0, 0, "same")], [(3, 0, 0, "same"), (3, 0, 0, "same")]])
def test_a_protocol_cannot_add_a_cell_or_give_one_twice(rows: list[Row], rolling_six: DecisionTable) -> None:
    with pytest.raises(Refused) as refusal:
        overlay(rolling_six, rows)

    assert refusal.value.code == "design_table_invalid"


@pytest.mark.parametrize("row", [(4, 3, 0, "same"), (3, 0, 0, "deescalate")])
def test_own_cells_that_relax_the_answer_to_one_more_dlt_are_refused(
    row: Row, rolling_six: DecisionTable
) -> None:
    with pytest.raises(Refused) as refusal:
        overlay(rolling_six, [row])

    assert refusal.value.code == "design_table_not_monotone"


def test_counts_beyond_the_table_are_outside_unless_they_deescalate_a_full_level(
    rolling_six: DecisionTable,
) -> None:
    assert rolling_six.decision(LevelCounts(n=7)) is TableDecision.OUTSIDE
    assert rolling_six.decision(LevelCounts(n=0)) is TableDecision.OUTSIDE
    assert rolling_six.decision(LevelCounts(n=9, dlt=2, pending=3)) is TableDecision.DEESCALATE
    assert rolling_six.decision(LevelCounts(n=12, dlt=9)) is TableDecision.DEESCALATE
