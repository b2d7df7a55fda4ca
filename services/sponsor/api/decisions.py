"""Dose decisions: proposed on a snapshot, signed with fresh proofs, withdrawn, looked at."""

from collections.abc import Sequence
from typing import Annotated, Self

from fastapi import APIRouter, Request, Response
from pydantic import Field, StringConstraints, model_validator

from services.sponsor.api.decision_view import DecisionOut, decision_out
from services.sponsor.api.fields import (
    FIRST_PAGE,
    USUAL_LIMIT,
    Cursor,
    Limit,
    PageOut,
    Person,
    PersonName,
    TrialId,
    Words,
)
from services.sponsor.api.letter_body import LetterIn
from services.sponsor.commands.propose_by_letter import ProposeByLetter, propose_by_letter
from services.sponsor.commands.propose_decision import ProposeDecision, propose_decision
from services.sponsor.commands.sign_decision import SignDecision, sign_decision
from services.sponsor.commands.sit import Minutes
from services.sponsor.commands.withdraw_decision import WithdrawDecision, withdraw_decision
from services.sponsor.domain.decision import Decision, DecisionKind, WrittenReason
from services.sponsor.domain.ids import PersonId
from services.sponsor.domain.meeting import Dissent, Task
from services.sponsor.domain.roles import Role
from services.sponsor.domain.signature import PURPOSE
from services.sponsor.queries.decisions import list_decisions, show_decision, views_of
from shared.act import Act
from shared.database import Tx
from shared.json_body import Day, StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of
from shared.tokens import Proof, TokenVerifier

router = APIRouter(tags=["decisions"])


class WrittenReasonIn(StrictModel):
    """Why somebody decides above the recommendation; the author must sign in this role."""

    role: Role
    author: PersonName
    text: Words


class DissentIn(StrictModel):
    """A voter of the meeting who decided otherwise, and why."""

    person: PersonName
    text: Words


class TaskIn(StrictModel):
    """What must be done before the committee can decide, by whom, until when."""

    text: Words
    owner: PersonName
    due_on: Day


class DecisionIn(StrictModel):
    """What is proposed, on a frozen snapshot, or in a hosted trial by the other organisation's letter.

    On a snapshot the cohort rule is not typed: the service computes it from design and data. Under a committee
    charter whatever gives something is decided at a meeting.
    """

    snapshot_id: str | None = None
    letter: LetterIn | None = None
    kind: DecisionKind
    level: Annotated[int, Field(ge=1, le=20)]
    places: Annotated[int, Field(ge=0, le=500)] = 0
    text: Words
    reasons: Annotated[Sequence[WrittenReasonIn], Field(max_length=20)] = ()
    meeting_id: Annotated[str, StringConstraints(max_length=64)] | None = None
    dissents: Annotated[Sequence[DissentIn], Field(max_length=20)] = ()
    tasks: Annotated[Sequence[TaskIn], Field(max_length=50)] = ()

    @model_validator(mode="after")
    def _one_ground(self) -> Self:
        if (self.snapshot_id is None) == (self.letter is None):
            raise ValueError("give snapshot_id or letter, not both")
        if self.letter is not None and self.reasons:
            raise ValueError("a letter needs no reasons of ours")
        if self.meeting_id is None and (self.dissents or self.tasks):
            raise ValueError("dissents and tasks belong to a meeting")
        if self.letter is not None and self.meeting_id is not None:
            raise ValueError("a letter is not decided at a meeting of ours")
        return self


class SignatureIn(StrictModel):
    """`proof` is a fresh proof of identity for the decision's `purpose`, bound to its `sign_over`."""

    role: Role
    proof: Annotated[str, StringConstraints(min_length=1, max_length=8192)]


class WithdrawalIn(StrictModel):
    reason: Words


class DecisionListOut(PageOut):
    items: Sequence[DecisionOut]


async def _answer(tx: Tx, decision: Decision) -> Answer:
    [view] = await views_of(tx, [decision])
    return Answer(body=decision_out(view))


@router.post(
    "/decisions", status_code=201, response_model=DecisionOut, openapi_extra=request_body(DecisionIn)
)
async def propose_decision_route(request: Request, principal: Person) -> Response:
    """Propose a decision on a frozen snapshot, or enter the letter that decides about a hosted trial."""
    raw = await read_limited(request)
    body = parse_body(raw, DecisionIn)

    async def command(tx: Tx, act: Act) -> Answer:
        if body.letter is not None:
            return await _answer(tx, await propose_by_letter(tx, _by_letter(body, body.letter), act))
        return await _answer(tx, await propose_decision(tx, _on_snapshot(body), act))

    return await service_of(request).performer.command(request, principal, raw, command)


def _on_snapshot(body: DecisionIn) -> ProposeDecision:
    return ProposeDecision(
        snapshot_id=body.snapshot_id or "",
        kind=body.kind,
        level=body.level,
        places=body.places,
        text=body.text,
        reasons=[
            WrittenReason(role=reason.role, author=PersonId(reason.author), text=reason.text)
            for reason in body.reasons
        ],
        minutes=Minutes(
            meeting_id=body.meeting_id or "",
            dissents=[Dissent(person_id=PersonId(one.person), words=one.text) for one in body.dissents],
            tasks=[Task(words=one.text, owner=PersonId(one.owner), due_on=one.due_on) for one in body.tasks],
        ),
    )


def _by_letter(body: DecisionIn, letter: LetterIn) -> ProposeByLetter:
    return ProposeByLetter(
        trial_id=letter.trial_id,
        part=letter.part,
        level=body.level,
        kind=body.kind,
        places=body.places,
        text=body.text,
        letter=letter.letter(),
        rule=letter.rule.stated() if letter.rule else None,
    )


@router.post(
    "/decisions/{decision_id}/signatures",
    status_code=201,
    response_model=DecisionOut,
    openapi_extra=request_body(SignatureIn),
)
async def sign_decision_route(request: Request, principal: Person, decision_id: str) -> Response:
    """Sign a decision; it takes force when nothing is missing, a restriction at its first signature."""
    raw = await read_limited(request)
    body = parse_body(raw, SignatureIn)
    verifier: TokenVerifier = request.app.state.token_verifier

    def verify(sign_over: str) -> Proof:
        return verifier.verify_proof(
            body.proof, subject=principal.subject, purpose=PURPOSE, bound_to=sign_over
        )

    async def command(tx: Tx, act: Act) -> Answer:
        signing = SignDecision(decision_id=decision_id, role=body.role)
        return await _answer(tx, await sign_decision(tx, signing, act, verify))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.post(
    "/decisions/{decision_id}/withdrawals",
    status_code=201,
    response_model=DecisionOut,
    openapi_extra=request_body(WithdrawalIn),
)
async def withdraw_decision_route(request: Request, principal: Person, decision_id: str) -> Response:
    """Take a decision back; a restriction in force ends by a new decision only."""
    raw = await read_limited(request)
    body = parse_body(raw, WithdrawalIn)

    async def command(tx: Tx, act: Act) -> Answer:
        withdrawal = WithdrawDecision(decision_id=decision_id, reason=body.reason)
        return await _answer(tx, await withdraw_decision(tx, withdrawal, act))

    return await service_of(request).performer.command(request, principal, raw, command)


@router.get("/decisions")
async def list_decisions_route(
    request: Request,
    principal: Person,
    trial_id: TrialId,
    cursor: Cursor = FIRST_PAGE,
    limit: Limit = USUAL_LIMIT,
) -> DecisionListOut:
    """A trial's decisions in the order of their proposal."""

    async def query(tx: Tx, act: Act) -> DecisionListOut:
        page = await list_decisions(tx, act, trial_id, cursor, limit)
        items = [decision_out(view) for view in page.entries]
        return DecisionListOut(items=items, next_cursor=page.next_cursor)

    return await service_of(request).performer.query(request, principal, query)


@router.get("/decisions/{decision_id}")
async def show_decision_route(request: Request, principal: Person, decision_id: str) -> DecisionOut:
    """One decision with its signatures, and the recommendation then and now."""

    async def query(tx: Tx, act: Act) -> DecisionOut:
        return decision_out(await show_decision(tx, act, decision_id))

    return await service_of(request).performer.query(request, principal, query)
