"""Routes of stopping rules: what is watched, what has crossed, and words beside a crossing."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from services.safety.api.parameters import PAGE, Answered, Cursor, Id, Limit, Person, TrialCode
from services.safety.commands.explain_crossing import ExplainCrossing, explain_crossing
from services.safety.queries.stopping_rules import list_crossings, list_stopping_rules, show_crossing
from shared.act import Act
from shared.database import Tx
from shared.json_body import Instant, StrictModel, parse_body, read_limited, request_body
from shared.perform import Answer
from shared.service import service_of

router = APIRouter(tags=["stopping-rules"])

Rate = Annotated[float, Field(ge=0, le=1)]
Rates = Annotated[
    list[Rate] | None,
    Query(max_length=10, description="True rates of events for which to show characteristics"),
]


class CharacteristicsOut(Answered):
    p: float
    stop_probability: float
    expected_events: float
    expected_n: float


class CountsOut(Answered):
    """Counts as last evaluated; `would_cross_at` reads every provisional event as one."""

    rule_version: int
    n: int
    events: int
    pending: list[str]
    provisional: list[str]
    would_cross_at: int | None
    counted_at: Instant


class StoppingRuleOut(Answered):
    """A rule in force. `boundary` holds the events that stop after 1, 2, ... evaluable participants."""

    rule_id: str
    version: int
    part: str | None
    level: int | None
    event: Literal["dlt", "criteria"]
    order: str
    boundary: list[int | None]
    action: str
    characteristics: list[CharacteristicsOut]
    characteristics_assume: Literal["complete_follow_up"]
    counts: CountsOut | None


class StoppingRuleListOut(Answered):
    items: list[StoppingRuleOut]


class StepOut(Answered):
    participant_id: str
    event: bool


class ExplanationOut(Answered):
    by: str
    at: Instant
    words: str


class CrossingOut(Answered):
    """A crossing, which stays; recruitment holds under the halt of the same id until two people lift it."""

    crossing_id: str
    rule_id: str
    rule_version: int
    part: str | None
    level: int | None
    n: int
    events: int
    stops_at: int
    path: list[StepOut]
    pending: list[str]
    action: str
    cause: str
    crossed_at: Instant
    explanations: list[ExplanationOut]
    decided_at: Instant | None


class CrossingListOut(Answered):
    items: list[CrossingOut]
    next_cursor: str | None


class ExplanationIn(StrictModel):
    words: Annotated[str, Field(max_length=4000, description="Never leaves this service")]


@router.get("/stopping-rules")
async def list_stopping_rules_route(
    request: Request, principal: Person, trial: TrialCode, p: Rates = None
) -> StoppingRuleListOut:
    """The rules of a trial's newest protocol version, with counts and exact characteristics."""

    async def query(tx: Tx, _act: Act) -> Any:
        return await list_stopping_rules(tx, principal, trial_key=trial, rates=p or ())

    found = await service_of(request).performer.query(request, principal, query)
    return StoppingRuleListOut(items=[_rule_out(one) for one in found])


@router.get("/stopping-rule-crossings")
async def list_crossings_route(
    request: Request, principal: Person, trial: TrialCode, cursor: Cursor = "", limit: Limit = PAGE
) -> CrossingListOut:
    """Crossings of a trial's rules, the decided ones included."""

    async def query(tx: Tx, _act: Act) -> Any:
        return await list_crossings(tx, principal, trial_key=trial, after=cursor, limit=limit)

    found = await service_of(request).performer.query(request, principal, query)
    next_cursor = found[-1].id if len(found) == limit else None
    return CrossingListOut(items=[_crossing_out(one) for one in found], next_cursor=next_cursor)


@router.get("/stopping-rule-crossings/{crossing_id}")
async def show_crossing_route(request: Request, principal: Person, crossing_id: Id) -> CrossingOut:
    """One crossing with the path that led to it."""

    async def query(tx: Tx, _act: Act) -> Any:
        return await show_crossing(tx, principal, crossing_id)

    return _crossing_out(await service_of(request).performer.query(request, principal, query))


@router.post(
    "/stopping-rule-crossings/{crossing_id}/explanations",
    status_code=201,
    response_model=CrossingOut,
    openapi_extra=request_body(ExplanationIn),
)
async def explain_crossing_route(request: Request, principal: Person, crossing_id: Id) -> Response:
    """Explain a crossing; it stays, and so does its hold."""
    raw = await read_limited(request)
    body = parse_body(raw, ExplanationIn)

    async def command(tx: Tx, act: Act) -> Answer:
        explaining = ExplainCrossing(crossing_id=crossing_id, words=body.words)
        return Answer(body=_crossing_out(await explain_crossing(tx, explaining, act)))

    return await service_of(request).performer.command(request, principal, raw, command)


def _rule_out(watched: Any) -> StoppingRuleOut:
    rule = watched.rule
    return StoppingRuleOut(
        rule_id=rule.id,
        version=rule.version,
        part=rule.part,
        level=rule.level,
        event="dlt" if rule.event is None else "criteria",
        order=rule.order.value,
        boundary=list(rule.boundary),
        action=rule.action,
        characteristics=[CharacteristicsOut.model_validate(one) for one in watched.characteristics],
        characteristics_assume="complete_follow_up",
        counts=None if watched.counted is None else CountsOut.model_validate(watched.counted),
    )


def _crossing_out(crossing: Any) -> CrossingOut:
    plain = ("rule_id", "rule_version", "part", "level", "n", "events", "stops_at", "action", "cause")
    return CrossingOut(
        crossing_id=crossing.id,
        path=[StepOut(participant_id=one, event=event) for one, event in crossing.path],
        pending=list(crossing.pending),
        crossed_at=crossing.crossed_at,
        explanations=[ExplanationOut.model_validate(one) for one in crossing.explanations],
        decided_at=crossing.decided_at,
        **{name: getattr(crossing, name) for name in plain},
    )
