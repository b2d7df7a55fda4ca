"""What unblinded people are answered."""

from collections.abc import Sequence
from typing import Any

from services.enrolment.api.route import OutModel
from services.enrolment.domain.randomisation_records import Allocation, Place, PreparedList
from services.enrolment.domain.randomisation_replay import Difference
from services.enrolment.domain.uploaded_list import UploadedList
from services.enrolment.queries.randomisations import AuditPage, ListView
from shared.json_body import Instant


class PreparedOut(OutModel):
    """A list as its maker is told of it; the seed is not repeated."""

    list_id: str
    randomisation: str
    design_version: str
    source: str
    generator: str
    rows_per_stratum: int
    prepared_by: str
    prepared_at: Instant

    @classmethod
    def of(cls, prepared: PreparedList) -> "PreparedOut":
        return cls(
            list_id=prepared.id,
            randomisation=prepared.randomisation,
            design_version=prepared.design_version,
            source=prepared.source,
            generator=prepared.generator,
            rows_per_stratum=prepared.rows_per_stratum,
            prepared_by=prepared.prepared_by,
            prepared_at=prepared.prepared_at,
        )


class DesignOut(OutModel):
    """`factors` with their weights (empty for strata); `parameter` is p, q or t of the scheme."""

    kind: str
    arms: list[str]
    ratio: list[int]
    block_sizes: list[int]
    factors: dict[str, str]
    imbalance: str | None
    scheme: str | None
    parameter: str | None

    @classmethod
    def of(cls, prepared: PreparedList) -> "DesignOut":
        design = prepared.design
        return cls(
            kind=design["kind"],
            arms=design["arms"],
            ratio=design["ratio"],
            block_sizes=design.get("block_sizes", []),
            factors=dict(design["factors"]),
            imbalance=design.get("imbalance"),
            scheme=design.get("scheme"),
            parameter=design.get("parameter"),
        )


class StratumOut(OutModel):
    stratum: str
    rows: int
    used: int


class ListOut(OutModel):
    """Strata of a generated list appear once they are used."""

    prepared: PreparedOut
    seed: str
    design: DesignOut
    counts_follow_corrections: bool
    strata: list[StratumOut]


class ListsOut(OutModel):
    items: list[ListOut]


def list_out(view: ListView) -> ListOut:
    return ListOut(
        prepared=PreparedOut.of(view.prepared),
        seed=view.prepared.seed,
        design=DesignOut.of(view.prepared),
        counts_follow_corrections=view.prepared.counts_follow_corrections,
        strata=[StratumOut.model_validate(one) for one in view.strata],
    )


class RowOut(OutModel):
    """`randomisation_id` says who used the row."""

    row: int
    block: int
    block_size: int
    arm: str
    randomisation_id: str | None


class RowsOut(OutModel):
    items: list[RowOut]
    next_cursor: str | None


def rows_out(places: Sequence[Place], limit: int) -> RowsOut:
    return RowsOut(
        items=[
            RowOut(
                row=place.place,
                block=place.block,
                block_size=place.block_size,
                arm=place.arm,
                randomisation_id=place.allocation_id,
            )
            for place in places
        ],
        next_cursor=str(places[-1].place) if len(places) == limit else None,
    )


class ProblemOut(OutModel):
    line: int
    code: str
    message: str


class UploadCheckOut(OutModel):
    """`usable` when there are no problems."""

    usable: bool
    rows: int
    problems: list[ProblemOut]

    @classmethod
    def of(cls, uploaded: UploadedList) -> "UploadCheckOut":
        problems = [ProblemOut.model_validate(one) for one in uploaded.problems]
        return cls(usable=not problems, rows=len(uploaded.rows), problems=problems)


class DrawsOut(OutModel):
    """Exact quotients, at least 0 and below 1."""

    tie: str
    coin: str


class AllocationOut(OutModel):
    """One draw; of a list `row`, of minimisation `counts` and what follows, in the design's order of arms."""

    number: int
    randomisation_id: str
    participant_id: str
    site_number: str
    list_id: str
    arm: str
    levels: dict[str, str]
    stratum: str | None
    row: int | None
    block: int | None
    counts: dict[str, list[int]] | None
    generator_state: int | None
    draws: DrawsOut | None
    g: list[float] | None
    probabilities: list[float] | None
    order: list[str] | None
    warnings: list[str]
    allocated_at: Instant

    @classmethod
    def of(cls, one: Allocation) -> "AllocationOut":
        found: dict[str, Any] = dict(one.found or {})
        listed = one.place is not None
        return cls(
            number=one.number,
            randomisation_id=one.id,
            participant_id=one.participant_id,
            site_number=one.site_number,
            list_id=one.list_id,
            arm=one.arm,
            levels=dict(one.levels),
            stratum=one.stratum if listed else None,
            row=one.place,
            block=one.block if listed else None,
            counts=None if one.counts is None else {name: list(on) for name, on in one.counts.items()},
            # The generator is counted: its state is the number of the assignment.
            generator_state=None if listed else one.number,
            draws=None if one.draws is None else DrawsOut(**one.draws),
            g=found.get("g"),
            probabilities=found.get("probabilities"),
            order=found.get("order"),
            warnings=found.get("warnings", []),
            allocated_at=one.allocated_at,
        )


class LevelsCorrectedOut(OutModel):
    randomisation_id: str
    after_number: int
    levels_before: dict[str, str]
    levels_after: dict[str, str]
    corrected_at: Instant


class SourceOut(OutModel):
    list_id: str
    source: str
    generator: str
    seed: str
    design: DesignOut
    counts_follow_corrections: bool


class AllocationsOut(OutModel):
    """Draws in order, a page at a time; what they were made from, and every correction, on every page."""

    sources: list[SourceOut]
    corrections: list[LevelsCorrectedOut]
    items: list[AllocationOut]
    next_cursor: str | None


def audit_out(page: AuditPage, limit: int) -> AllocationsOut:
    items = [AllocationOut.of(one) for one in page.items]
    return AllocationsOut(
        sources=[
            SourceOut(
                list_id=one.id,
                source=one.source,
                generator=one.generator,
                seed=one.seed,
                design=DesignOut.of(one),
                counts_follow_corrections=one.counts_follow_corrections,
            )
            for one in page.lists.values()
        ],
        corrections=[
            LevelsCorrectedOut(
                randomisation_id=one.randomised_id,
                after_number=one.after_number,
                levels_before=dict(one.levels_before),
                levels_after=dict(one.levels_after),
                corrected_at=one.corrected_at,
            )
            for one in page.corrections
        ],
        items=items,
        next_cursor=str(items[-1].number) if len(items) == limit else None,
    )


class DifferenceOut(OutModel):
    number: int
    what: str


class ReplayOut(OutModel):
    """How many draws were made again, and what came out differently."""

    assignments: int
    differences: list[DifferenceOut]

    @classmethod
    def of(cls, assignments: int, differences: Sequence[Difference]) -> "ReplayOut":
        found = [DifferenceOut.model_validate(one) for one in differences]
        return cls(assignments=assignments, differences=found)


class ArmOut(OutModel):
    randomisation_id: str
    randomisation: str
    arm: str
    allocated_at: Instant

    @classmethod
    def of(cls, one: Allocation) -> "ArmOut":
        return cls(
            randomisation_id=one.id,
            randomisation=one.randomisation,
            arm=one.arm,
            allocated_at=one.allocated_at,
        )


class ArmsOut(OutModel):
    items: list[ArmOut]
