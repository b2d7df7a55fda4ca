"""Looking at a trial again: late data, recommendations and holds follow from what is known now.

It runs after every event that changed a copy and after every command that changed what rules look at. It
compares what should be said with what was said last, so it may run any number of times, in any order.
"""

from collections.abc import Mapping

from services.sponsor.commands.announcements import hold_changed, recommendation_raised
from services.sponsor.commands.late_data import mark_late_data
from services.sponsor.domain.assessment import holds_due
from services.sponsor.domain.cohort_hold import CohortHold
from services.sponsor.domain.escalation.result import Recommendation
from services.sponsor.domain.ids import CohortHoldId, PartLevel, RecommendationId
from services.sponsor.domain.picture import TrialPicture
from services.sponsor.domain.raised import RaisedRecommendation, counts_lines
from services.sponsor.domain.trial import Trial
from services.sponsor.store.cohort_holds import holds_of, save_hold
from services.sponsor.store.pictures import load_picture
from services.sponsor.store.recommendations import add_recommendation, latest_recommendations
from services.sponsor.store.trials import load_trial, trials_after
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent, put_all
from shared.watermarks import all_positions

Recommendations = Mapping[str, Recommendation]
SERVICE = "sponsor"
TRIALS_AT_ONCE = 200


async def reassess_trial(tx: Tx, act: Act, trial_id: str) -> None:
    """Reassess a trial that may not be known here yet."""
    trial = await load_trial(tx, trial_id)
    if trial is not None:
        await reassess(tx, act, trial)


async def reassess_every_trial(tx: Tx, act: Act) -> None:
    """Reassess all trials once, after the copies were built anew."""
    after = ""
    while trials := await trials_after(tx, after, TRIALS_AT_ONCE):
        for trial in trials:
            await reassess_trial(tx, act, trial.id)
        after = trials[-1].id


async def reassess(tx: Tx, act: Act, trial: Trial) -> None:
    """Bring late-data marks, recommendations and holds of a locked trial up to what is known now.

    While copies are being rebuilt nothing is known: then this does nothing, and runs when they are complete.
    """
    if await copies_incomplete(tx):
        return
    picture = await load_picture(tx, trial, act.now)
    if picture is None:
        return
    picture, events = await mark_late_data(tx, act, picture)
    recommendations = {part: picture.recommend(part) for part in picture.levelled}
    events += await _raise_recommendations(tx, act, picture, recommendations)
    events += await _change_holds(tx, act, picture, recommendations)
    await put_all(tx, act, events)


async def copies_incomplete(tx: Tx) -> bool:
    """Whether a copy of another service's facts is just being built anew."""
    return any(position.state == "rebuilding" for position in await all_positions(tx, SERVICE))


async def _raise_recommendations(
    tx: Tx, act: Act, picture: TrialPicture, recommendations: Recommendations
) -> list[NewEvent]:
    latest = await latest_recommendations(tx, picture.trial.id)
    events = []
    for part, found in recommendations.items():
        counts = counts_lines(picture.counts(part))
        last = latest.get(part)
        if last is not None and last.says(found, counts):
            continue
        raised = RaisedRecommendation(
            id=RecommendationId(act.new_id()),
            trial_id=picture.trial.id,
            part=part,
            n=1 if last is None else last.n + 1,
            protocol_version=picture.version.terms.version,
            recommendation=found,
            counts=counts,
            raised_at=act.now,
        )
        await add_recommendation(tx, raised)
        events.append(recommendation_raised(raised, opened=bool(picture.history(part).opened)))
    return events


async def _change_holds(
    tx: Tx, act: Act, picture: TrialPicture, recommendations: Recommendations
) -> list[NewEvent]:
    known = await holds_of(tx, picture.trial.id)
    due = {
        PartLevel(part=part, level=level): reason
        for part in picture.levelled
        for level, reason in holds_due(
            recommendations[part],
            picture.history(part),
            picture.decisions_in(part),
            picture.unmatched_levels(part),
        ).items()
    }
    held = {place: hold.reason for place, hold in known.items() if hold.held}
    events = []
    for place in sorted(held.keys() | due.keys()):
        if held.get(place) == due.get(place):
            continue
        before = known.get(place)
        hold = CohortHold(
            id=before.id if before else CohortHoldId(act.new_id()),
            trial_id=picture.trial.id,
            place=place,
            held=place in due,
            reason=due.get(place, before.reason if before else ""),
            changed_at=act.now,
        )
        await save_hold(tx, hold)
        events.append(hold_changed(hold))
    return events
