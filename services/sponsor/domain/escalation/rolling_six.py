"""The rolling six design for one part: counts per level in, one recommendation out.

Source: Skolnik JM et al., J Clin Oncol 2008;26(2):190-195. The table of cells is data, so a protocol that
prints other cells uses its own.
"""

from collections.abc import Mapping

from services.sponsor.domain.escalation.design import Terms
from services.sponsor.domain.escalation.level_design import LevelDesign
from services.sponsor.domain.escalation.level_table import RollingSixTable
from services.sponsor.domain.escalation.part_design import PartHistory, recommend_for_part
from services.sponsor.domain.escalation.result import Recommendation
from services.sponsor.domain.escalation.table import DecisionTable
from services.sponsor.domain.standing import LevelCounts

__all__ = ["PartHistory", "recommend", "rolling_six_design"]


def rolling_six_design(table: DecisionTable, levels: int, start_level: int = 1) -> LevelDesign:
    """The design around a table of (n, DLTs, pending)."""
    terms = Terms(levels=levels, start_level=start_level)
    return LevelDesign(name=table.design, terms=terms, table=RollingSixTable(table=table))


def recommend(
    table: DecisionTable, counts_by_level: Mapping[int, LevelCounts], history: PartHistory, levels: int
) -> Recommendation:
    """Recommendation of the rolling six for one part; arguments and errors as for `recommend_for_part`.

    Args:
        table: cells in force for this protocol.
        counts_by_level: counting participants per level (1-based), the pending ones included in n.
        history: levels opened and eliminated by decisions.
        levels: number of dose levels of the part.

    Returns:
        `escalate`, `stay` or `deescalate` with the level of the next participants; `suspend` while answers
        are awaited; `complete` with the maximum tolerated dose; `stop_no_mtd` when level 1 is intolerable.
    """
    design = rolling_six_design(table, levels)
    return recommend_for_part(design, table.source, counts_by_level, history, levels)
