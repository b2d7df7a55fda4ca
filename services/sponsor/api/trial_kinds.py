"""The table of kinds of trial: what each opens with, and what is still to be verified."""

from collections.abc import Sequence

from fastapi import APIRouter, Request

from services.sponsor.api.fields import Person
from services.sponsor.domain.trial_kind import KindRules, TrialKinds
from services.sponsor.queries.trial_kinds import kinds_shown
from shared.act import Act
from shared.database import Tx
from shared.json_body import StrictModel
from shared.service import service_of

router = APIRouter(tags=["trial kinds"])


class ApprovalKindOut(StrictModel):
    """`status` is `confirmed`, or `verify` until the sponsor's quality lead has confirmed it; `source` says where."""

    kind_of_approval: str
    title: str
    covers: str
    source: str
    status: str


class KindOut(StrictModel):
    """One kind, for trials of a medicine (`ctimp`) or for others; the first approval puts a version in force."""

    kind: str
    ctimp: bool
    approvals: Sequence[str]
    levels: bool
    randomisation_needed: bool
    follow_up_years: int
    registration_needed: bool
    usual_regime: str
    source: str
    status: str


class TrialKindsOut(StrictModel):
    version: int
    approvals: Sequence[ApprovalKindOut]
    kinds: Sequence[KindOut]
    letter_signing_roles: Sequence[str]
    letter_signers: int


@router.get("/trial-kinds")
async def show_trial_kinds_route(request: Request, principal: Person) -> TrialKindsOut:
    """What each kind of trial asks for."""

    async def query(tx: Tx, act: Act) -> TrialKindsOut:
        return _out(kinds_shown(act))

    return await service_of(request).performer.query(request, principal, query)


def _out(table: TrialKinds) -> TrialKindsOut:
    rows = [(rules, True) for rules in table.medicines.values()]
    rows += [(rules, False) for rules in table.others.values()]
    return TrialKindsOut(
        version=table.version,
        approvals=[
            ApprovalKindOut(
                kind_of_approval=it.kind,
                title=it.title,
                covers=it.covers.value,
                source=it.source,
                status=it.status,
            )
            for it in table.approvals.values()
        ],
        kinds=[_kind(rules, ctimp=ctimp) for rules, ctimp in rows],
        letter_signing_roles=sorted(role.value for role in table.letters.signing_roles),
        letter_signers=table.letters.minimum_signers,
    )


def _kind(rules: KindRules, *, ctimp: bool) -> KindOut:
    return KindOut(
        kind=rules.kind,
        ctimp=ctimp,
        approvals=[approval.kind for approval in rules.approvals],
        levels=rules.levels,
        randomisation_needed=rules.randomisation_needed,
        follow_up_years=rules.follow_up_years,
        registration_needed=rules.registration or ctimp,
        usual_regime=rules.regime,
        source=rules.source,
        status=rules.status,
    )
