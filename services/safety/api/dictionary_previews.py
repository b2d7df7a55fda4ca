"""The route that shows what another dictionary would change, before a modification is adopted."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request

from services.safety.api.parameters import PAGE, Answered, Cursor, Limit, Person, TrialCode
from services.safety.domain.ctcae_preview import EventChange, WindowPreview
from services.safety.domain.window_judgement import Judgement
from services.safety.queries.dictionary_previews import preview_dictionary
from shared.act import Act
from shared.database import Tx
from shared.service import service_of

router = APIRouter(tags=["dictionary-previews"])


class PreviewedEventOut(Answered):
    """An event as it is graded and as it would be; `by_value`: by a laboratory value, not by the map."""

    report_id: str
    term: str
    grade: int | None
    to_term: str
    to_soc: str
    to_grade: int | None
    other_specify: str
    change: str
    by_value: bool


class PreviewedVerdictOut(Answered):
    verdict: str
    provisional: str
    criteria: list[str]
    definition: str
    dictionary: str


class PreviewedWindowOut(Answered):
    """A participant for whom a term, a grade or the verdict would be another."""

    participant_id: str
    flips: bool
    now: PreviewedVerdictOut
    then: PreviewedVerdictOut
    events: list[PreviewedEventOut]


class DictionaryPreviewOut(Answered):
    protocol_version: str
    dictionary: str
    items: list[PreviewedWindowOut]
    next_cursor: str | None


ProtocolVersion = Annotated[
    str, Query(min_length=1, max_length=40, description="The version that might be adopted")
]


@router.get("/dictionary-previews")
async def dictionary_previews_route(
    request: Request,
    principal: Person,
    trial: TrialCode,
    protocol_version: ProtocolVersion,
    cursor: Cursor = "",
    limit: Limit = PAGE,
) -> DictionaryPreviewOut:
    """Which terms, grades and DLT verdicts would change under another protocol version's dictionary."""

    async def query(tx: Tx, act: Act) -> Any:
        return await preview_dictionary(
            tx,
            principal,
            trial_key=trial,
            protocol_version=protocol_version,
            after=cursor,
            limit=limit,
            now=act.now,
        )

    found = await service_of(request).performer.query(request, principal, query)
    return DictionaryPreviewOut(
        protocol_version=found.protocol_version,
        dictionary=found.dictionary,
        items=[_window(one) for one in found.windows],
        next_cursor=found.last,
    )


def _window(preview: WindowPreview) -> PreviewedWindowOut:
    return PreviewedWindowOut(
        participant_id=preview.participant_id,
        flips=preview.flips,
        now=_verdict(preview.now),
        then=_verdict(preview.then),
        events=[_event(event) for event in preview.events if event.changes],
    )


def _verdict(judgement: Judgement) -> PreviewedVerdictOut:
    return PreviewedVerdictOut(
        verdict=judgement.verdict.value,
        provisional=judgement.provisional.value,
        criteria=list(judgement.criteria),
        definition=judgement.definition,
        dictionary=judgement.dictionary,
    )


def _event(event: EventChange) -> PreviewedEventOut:
    return PreviewedEventOut(
        report_id=event.event_id,
        term=event.term,
        grade=event.grade,
        to_term=event.to_term,
        to_soc=event.to_soc,
        to_grade=event.to_grade,
        other_specify=event.other_specify,
        change=event.change.value,
        by_value=event.by_value,
    )
