"""One trial as its office sees it: versions, sites, and each level with its people, holds and decisions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.sponsor.domain.cohort_hold import CohortHold
from services.sponsor.domain.course import dose_found
from services.sponsor.domain.decision import Decision, DecisionState
from services.sponsor.domain.green_light import GreenLight
from services.sponsor.domain.halt import Halt, HaltState
from services.sponsor.domain.ids import ParticipantId, PartLevel, SiteId
from services.sponsor.domain.picture import TrialPicture
from services.sponsor.domain.protocol_terms import PartTerms
from services.sponsor.domain.protocol_version import (
    FurtherApproval,
    ProtocolVersion,
    version_in_force,
)
from services.sponsor.domain.raised import RaisedRecommendation
from services.sponsor.domain.site import Site
from services.sponsor.domain.standing import Verdict
from services.sponsor.domain.trial import Trial
from services.sponsor.queries.visibility import READERS, visible_trial
from services.sponsor.store.cohort_holds import holds_of
from services.sponsor.store.copies import level_states
from services.sponsor.store.further_approvals import further_approvals_of
from services.sponsor.store.halts import halts_of
from services.sponsor.store.pictures import load_picture
from services.sponsor.store.protocol_versions import versions_of
from services.sponsor.store.recommendations import latest_recommendations
from services.sponsor.store.sites import green_lights_of_trial, sites_of
from shared.act import Act
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelOverview:
    """One dose level.

    Attributes:
        enrolled: everybody registered there and not voided before a dose.
        evaluable: of them with an answer, DLT or none.
        pending: of them without an answer yet, not dosed ones included.
        state: `open` or `closed` as enrolment has last said; `not_opened` before it has said anything.
        held: reason of the sponsor's own hold; None when there is none.
    """

    level: int
    label: str
    enrolled: int
    evaluable: int
    dlt: int
    pending: int
    provisional_dlt: int
    not_evaluable: int
    state: str
    held: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartOverview:
    """One part.

    Attributes:
        registered: everybody registered in it and not voided before a dose.
        without_decision: of them those under no decision in force for their level; nobody in a cohort.
    """

    terms: PartTerms
    registered: int
    levels: Sequence[LevelOverview]
    recommendation: RaisedRecommendation | None
    decisions: Sequence[Decision]
    mtd: int | None
    without_decision: Sequence[ParticipantId]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialOverview:
    trial: Trial
    version_in_force: ProtocolVersion | None
    versions: Sequence[ProtocolVersion]
    further: Sequence[FurtherApproval]
    sites: Sequence[Site]
    green_lights: Mapping[SiteId, Sequence[GreenLight]]
    halts: Sequence[Halt]
    parts: Sequence[PartOverview]


async def trial_overview(tx: Tx, act: Act, trial_id: str) -> TrialOverview:
    """The overview, for whoever may read the trial."""
    trial = await visible_trial(tx, act, trial_id, READERS)
    versions = await versions_of(tx, trial.id)
    sites = await sites_of(tx, trial.id)
    lights = await green_lights_of_trial(tx, trial.id)
    picture = await load_picture(tx, trial, act.now)
    return TrialOverview(
        trial=trial,
        version_in_force=version_in_force(versions, act.now),
        versions=versions,
        further=await further_approvals_of(tx, trial.id),
        sites=sites,
        green_lights={site.id: [light for light in lights if light.site_id == site.id] for site in sites},
        halts=[halt for halt in await halts_of(tx, trial.id) if halt.state is not HaltState.LIFTED],
        parts=[] if picture is None else await _parts(tx, picture),
    )


async def _parts(tx: Tx, picture: TrialPicture) -> list[PartOverview]:
    trial_id = picture.trial.id
    latest = await latest_recommendations(tx, trial_id)
    states = await level_states(tx, trial_id)
    holds = await holds_of(tx, trial_id)
    return [
        PartOverview(
            terms=terms,
            registered=sum(standing.place.part == part for standing in picture.observed.standings),
            levels=_levels(picture, terms, states, holds),
            recommendation=latest.get(part),
            decisions=[d for d in picture.decisions_in(part) if d.state is DecisionState.IN_FORCE],
            mtd=dose_found(part, picture.decisions),
            without_decision=_without_decision(picture, part) if terms.levels else (),
        )
        for part, terms in picture.parts.items()
    ]


def _levels(
    picture: TrialPicture,
    terms: PartTerms,
    states: Mapping[PartLevel, str],
    holds: Mapping[PartLevel, CohortHold],
) -> list[LevelOverview]:
    found = []
    for level, label in enumerate(terms.labels, start=1):
        place = PartLevel(part=terms.part, level=level)
        here = [s for s in picture.observed.standings if s.place == place]
        verdicts = [s.verdict for s in here]
        dlt, clear = verdicts.count(Verdict.DLT), verdicts.count(Verdict.NO_DLT)
        excluded = verdicts.count(Verdict.NOT_EVALUABLE)
        hold = holds.get(place)
        found.append(
            LevelOverview(
                level=level,
                label=label,
                enrolled=len(here),
                evaluable=dlt + clear,
                dlt=dlt,
                pending=len(here) - dlt - clear - excluded,
                provisional_dlt=sum(s.provisional_dlt for s in here),
                not_evaluable=excluded,
                state=states.get(place, "not_opened"),
                held=hold.reason if hold is not None and hold.held else None,
            )
        )
    return found


def _without_decision(picture: TrialPicture, part: str) -> list[ParticipantId]:
    """Registered under a decision that never took force here, or that was about another level."""
    acted: dict[str, PartLevel] = {
        d.id: d.place for d in picture.decisions_in(part) if d.in_force_at is not None
    }
    return [
        registration.participant_id
        for registration in picture.observed.registrations
        if registration.place.part == part
        and registration.counts
        and acted.get(registration.decision_id) != registration.place
    ]
