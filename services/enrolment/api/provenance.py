"""Why was this participant given this level: as JSON, and as one page to print."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from services.enrolment.api.provenance_page import as_page
from services.enrolment.api.registrations import GuardOut
from services.enrolment.api.route import OutModel, Person
from services.enrolment.queries.provenance import Provenance, show_provenance
from shared.json_body import Instant
from shared.service import service_of

router = APIRouter(tags=["provenance"])
ParticipantId = Annotated[str, Path(max_length=64)]


class SignatureOut(OutModel):
    person: str
    role: str
    signed_at: Instant


class RecommendationOut(OutModel):
    """What the design said of the data as they were cut, and the cell of its table that it read."""

    kind: str
    next_level: int | None
    reasons: list[str]
    design: str
    table_sha256: str | None
    level: int
    n: int
    dlt: int
    pending: int


class OverrideOut(OutModel):
    role: str
    text: str


class LetterOut(OutModel):
    reference: str
    dated: str
    sha256: str


class DecisionOut(OutModel):
    """The decision as its event said; what an older event did not say is null or empty."""

    decision_id: str
    kind: str
    part: str
    level: int
    places: int
    in_force_at: Instant | None
    data_cut_at: Instant | None
    snapshot_sha256: str | None
    text_sha256: str | None
    rule: dict[str, Any] | None
    rule_sha256: str | None
    signed_by: list[SignatureOut]
    recommendation: RecommendationOut | None
    overrides_recommendation: bool
    override_reasons: list[OverrideOut]
    letter: LetterOut | None
    decided_as: str | None
    sitting: dict[str, Any] | None
    superseded_because: str | None
    superseded_at: Instant | None


class FlagOut(OutModel):
    flag: str
    because: str
    at: Instant


class ProvenanceOut(OutModel):
    participant_id: str
    participant_number: str
    site_number: str
    protocol_version: str
    part: str
    stratum: str
    level: int | None
    dose: str | None
    unit: str | None
    registered_at: Instant
    rule_cell: str | None
    kind_of_trial: str | None
    decision: DecisionOut | None
    guards: list[GuardOut]
    flags: list[FlagOut]


@router.get("/participants/{participant_id}/provenance")
async def show_provenance_route(
    request: Request, principal: Person, participant_id: ParticipantId
) -> ProvenanceOut:
    """Decision, data cut, table and cell, recommendation, signatures, override, every guard, later marks."""
    return _out(await _asked(request, principal, participant_id))


@router.get(
    "/participants/{participant_id}/provenance.html",
    response_class=Response,
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
)
async def provenance_page_route(
    request: Request, principal: Person, participant_id: ParticipantId
) -> Response:
    """The same on one page to print."""
    found = _out(await _asked(request, principal, participant_id))
    return Response(as_page(found.model_dump(mode="json")), media_type="text/html; charset=utf-8")


async def _asked(request: Request, principal: Any, participant_id: str) -> Provenance:
    return await service_of(request).performer.query(
        request, principal, lambda tx, act: show_provenance(tx, act, participant_id)
    )


def _out(found: Provenance) -> ProvenanceOut:
    one = found.participant
    levelled = bool(one.decision_id)
    return ProvenanceOut(
        participant_id=one.id,
        participant_number=one.number,
        site_number=one.site_number,
        protocol_version=one.protocol_version,
        part=one.part,
        stratum=one.stratum,
        level=one.level if levelled else None,
        dose=one.dose if levelled else None,
        unit=one.unit if levelled else None,
        registered_at=one.registered_at,
        rule_cell=one.rule_cell or None,
        kind_of_trial=found.attempt.kind,
        decision=_decision(found),
        guards=[GuardOut(**result) for result in found.attempt.results],
        flags=[FlagOut(flag=flag, because=because, at=at) for flag, because, at in found.flags],
    )


def _decision(found: Provenance) -> DecisionOut | None:
    decision, ground = found.decision, found.ground
    if decision is None:
        return None
    return DecisionOut(
        decision_id=found.participant.decision_id,
        kind=decision.kind,
        part=decision.part,
        level=decision.level,
        places=decision.places,
        in_force_at=ground.get("in_force_at"),
        data_cut_at=ground.get("data_cut_at"),
        snapshot_sha256=ground.get("snapshot_sha256"),
        text_sha256=ground.get("text_sha256"),
        rule=dict(decision.rule) if decision.rule else None,
        rule_sha256=ground.get("rule_sha256"),
        signed_by=ground.get("signed_by") or [],
        recommendation=ground.get("recommendation"),
        overrides_recommendation=bool(ground.get("overrides_recommendation")),
        override_reasons=ground.get("override_reasons") or [],
        letter=ground.get("letter"),
        decided_as=ground.get("decided_as"),
        sitting=ground.get("sitting"),
        superseded_because=decision.ended_because or None,
        superseded_at=decision.ended_at,
    )
