"""Dose-escalation designs other than the rolling six, as a protocol file states them."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from services.sponsor.events.protocol_fields import DecimalText
from services.sponsor.events.protocol_model import ProtocolModel, raise_contradictions

_Count = Annotated[int, Field(ge=0, le=100)]


class QueueCell(ProtocolModel):
    """One printed cell of the IQ rolling six: total on the level, evaluable, of them DLTs."""

    total: _Count
    evaluable: _Count
    dlt: _Count
    decision: Literal["same", "escalate", "escalate_or_mtd", "deescalate", "hold", "mtd"]

    @model_validator(mode="after")
    def _counts_fit(self) -> Self:
        if not self.dlt <= self.evaluable <= self.total:
            raise ValueError("dlt is at most evaluable, and evaluable at most total")
        return self


class DesignParameters(ProtocolModel):
    """What a protocol states for a design whose table follows from it; what is left out takes the default.

    `three_plus_three` knows allow_deescalate and mtd_needs_six. The others need a target: p1, p2, extrasafe, offset,
    n_earlystop and bound_mtd belong to `boin`, eps1 and eps2 to the rest. A level closes when the target is exceeded
    with a chance above elimination_cutoff, among at least elimination_min_n evaluated.
    """

    target: DecimalText | None = None
    cohort_size: Annotated[int, Field(ge=1, le=12)] | None = None
    p1: DecimalText | None = None
    p2: DecimalText | None = None
    eps1: DecimalText | None = None
    eps2: DecimalText | None = None
    elimination_cutoff: DecimalText | None = None
    elimination_min_n: Annotated[int, Field(ge=1, le=24)] = 3
    extrasafe: bool = False
    offset: DecimalText | None = None
    n_earlystop: Annotated[int, Field(ge=1, le=24)] | None = None
    bound_mtd: bool = False
    allow_deescalate: bool = True
    mtd_needs_six: bool = False


_CLOSING = frozenset({"target", "cohort_size", "elimination_cutoff", "elimination_min_n"})
_PARAMETERS = {
    "iq_rolling_six": frozenset[str](),
    "three_plus_three": frozenset({"allow_deescalate", "mtd_needs_six"}),
    "boin": _CLOSING | {"p1", "p2", "extrasafe", "offset", "n_earlystop", "bound_mtd"},
    **dict.fromkeys(("keyboard", "mtpi2", "mtpi", "i3plus3"), _CLOSING | {"eps1", "eps2"}),
}


class DoseDesign(ProtocolModel):
    """A design by name and version.

    The IQ rolling six comes with a table whose cells `cells` replace one by one; the others take `parameters`.
    """

    id: Literal["iq_rolling_six", "three_plus_three", "boin", "keyboard", "mtpi2", "mtpi", "i3plus3"]
    version: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}\.[0-9]+$")]
    cells: list[QueueCell] = Field(default=[])
    parameters: DesignParameters | None = None

    @model_validator(mode="after")
    def _stated_belongs_to_the_design(self) -> Self:
        known = _PARAMETERS[self.id]
        stated = self.parameters.model_fields_set if self.parameters is not None else set[str]()
        has_cells = bool(self.cells) and self.id != "iq_rolling_six"
        needs_target = "target" in known and (self.parameters is None or self.parameters.target is None)
        raise_contradictions(
            ("cells", "this design has no table of cells", has_cells),
            *(
                (f"parameters.{name}", "this design has no such parameter", True)
                for name in sorted(stated - known)
            ),
            ("parameters.target", "this design needs a target", needs_target),
        )
        return self
