"""Design files of 3+3, rolling six and IQ rolling six."""

from deploy.trialops.calculators.dose_design import DesignReading
from deploy.trialops.calculators.fields import Fields
from deploy.trialops.calculators.invalid import InputInvalid
from services.sponsor.domain.escalation.design import Coherence, Terms
from services.sponsor.domain.escalation.level_design import COHORT_OF_THREE, LevelDesign
from services.sponsor.domain.escalation.level_table import QueueTable, RollingSixTable, ThreePlusThree
from services.sponsor.domain.escalation.table import DecisionTable, Row, overlay
from services.sponsor.domain.refusals import Refused
from services.sponsor.store.designs import shipped_table

ROLLING_SIX_VERSION = "2008.1"
IQ_VERSION = "2020.1"


def _three_plus_three(fields: Fields, terms: Terms) -> LevelDesign:
    if terms.cohort_size != COHORT_OF_THREE:
        raise InputInvalid(fields.path("cohort_size"), "out_of_range", "The cohorts of 3+3 are of three.")
    _require_no_rate(fields, terms)
    table = ThreePlusThree(
        allow_deescalate=fields.flag("allow_deescalate", default=True),
        mtd_needs_six=fields.flag("mtd_needs_six", default=False),
    )
    return LevelDesign(name="three_plus_three", terms=terms, table=table)


def _rolling_six(fields: Fields, terms: Terms) -> LevelDesign:
    _require_no_rate(fields, terms)
    cells = fields.objects("cells", ("n", "dlt", "pending", "decision")) if fields.has("cells") else []
    rows = [(one.whole("n"), one.whole("dlt"), one.whole("pending"), one.text("decision")) for one in cells]
    table = _overlaid(fields, shipped_table("rolling_six", ROLLING_SIX_VERSION), rows, _ROLLING_SIX_WORDS)
    return LevelDesign(name="rolling_six", terms=terms, table=RollingSixTable(table=table))


def _iq_rolling_six(fields: Fields, terms: Terms) -> LevelDesign:
    _require_no_rate(fields, terms)
    rows: list[Row] = []
    keys = ("total", "evaluable", "dlt", "decision", "published")
    for one in fields.objects("cells", keys) if fields.has("cells") else []:
        one.flag("published", default=False)
        total = one.whole("total")
        rows.append((total, one.whole("dlt"), total - one.whole("evaluable"), one.text("decision")))
    table = _overlaid(fields, shipped_table("iq_rolling_six", IQ_VERSION), rows, _IQ_WORDS)
    return LevelDesign(name="iq_rolling_six", terms=terms, table=QueueTable(table=table))


_ROLLING_SIX_WORDS = ("same", "escalate", "deescalate", "suspend")
_IQ_WORDS = ("same", "escalate", "escalate_or_mtd", "deescalate", "hold", "mtd")


def _overlaid(
    fields: Fields, shipped: DecisionTable, rows: list[Row], words: tuple[str, ...]
) -> DecisionTable:
    """The shipped table with the protocol's own cells."""
    if not rows:
        return shipped
    for place, row in enumerate(rows):
        if row[3] not in words:
            field = fields.path(f"cells.{place}.decision")
            raise InputInvalid(field, "not_an_option", f"One of {', '.join(words)} is needed.")
    try:
        return overlay(shipped, rows)
    except Refused as refused:
        raise InputInvalid(fields.path("cells"), refused.code, refused.detail) from None


def _require_no_rate(fields: Fields, terms: Terms) -> None:
    """These designs state no target, so no cohort's rate can lie above it."""
    if terms.guards.coherence is Coherence.COHORT:
        raise InputInvalid(
            fields.path("guards.coherence"),
            "target_missing",
            "This design has no target to compare a rate with.",
        )


THREE_PLUS_THREE = DesignReading(
    keys=frozenset({"allow_deescalate", "mtd_needs_six"}),
    build=_three_plus_three,
    cohort_size=COHORT_OF_THREE,
)
ROLLING_SIX = DesignReading(keys=frozenset({"cells"}), build=_rolling_six)
IQ_ROLLING_SIX = DesignReading(keys=frozenset({"cells"}), build=_iq_rolling_six)
