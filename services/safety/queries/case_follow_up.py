"""What a case comes to, for people: its assessments, classes, obligations and submissions, and lists of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from services.safety.domain.assessment import Assessment
from services.safety.domain.case_history import CaseOutcome
from services.safety.domain.case_record import history_of
from services.safety.domain.case_timeline import follow
from services.safety.domain.expectedness import JudgedReaction, derive_expectedness
from services.safety.domain.obligation import ObligationState
from services.safety.domain.roles import READING_REPORTS, WATCHING_OBLIGATIONS
from services.safety.queries.adverse_events import show_adverse_event
from services.safety.store.adverse_events import load_report
from services.safety.store.assessments import (
    StoredClass,
    StoredReference,
    assessments_of,
    classified_reports,
    every_class,
    newest_classes,
    references_of,
)
from services.safety.store.case_records import case_record
from services.safety.store.obligations import (
    StoredObligation,
    Submission,
    list_obligations,
    load_obligation,
    obligations_of,
    submissions_of,
)
from services.safety.store.places import locate, place_of_participant
from services.safety.store.regimes import shipped_regimes
from shared.act import Act
from shared.auth import ANY, Principal, permit
from shared.database import Tx
from shared.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCase:
    """Everything kept about one event; classes with every version, obligations ended ones too."""

    assessments: list[Assessment]
    classes: list[StoredClass]
    obligations: list[StoredObligation]
    submissions: list[Submission]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """An event whose parties differ on whether it is suspected, with both opinions on record."""

    report_id: str
    product: str
    event_class: str
    opinions: Mapping[str, str]


async def show_case(tx: Tx, principal: Principal, report_id: str) -> ShownCase:
    """The follow-up of one event, for whoever may read the event."""
    await show_adverse_event(tx, principal, report_id)
    return ShownCase(
        assessments=await assessments_of(tx, report_id),
        classes=await every_class(tx, report_id),
        obligations=await obligations_of(tx, report_id),
        submissions=await submissions_of(tx, report_id),
    )


async def simulate_case(
    tx: Tx, principal: Principal, act: Act, report_id: str, regime: str
) -> dict[str, CaseOutcome]:
    """What an event would owe under a regime if the sponsor became aware of it now; nothing is written.

    Raises:
        Problem: 404 for an event that this person may not see, or for a regime that is not known.
    """
    await show_adverse_event(tx, principal, report_id)
    record = await load_report(tx, report_id)
    if record is None or regime not in shipped_regimes():
        raise Problem("not_found")
    place = record.participant_id and await place_of_participant(
        tx, record.participant_id, report_id=report_id, reading=True
    )
    if not place:
        place = await locate(tx, trial_key=record.trial_key, participant_key="", site_key=record.site_number)
    case = await case_record(tx, record, place)
    now = replace(case, versions=[replace(case.versions[-1], recorded_at=act.now)], aware=(act.now,))
    return {
        product: follow(history_of(now, product), shipped_regimes()[regime])
        for product in case.terms.products
    }


async def show_obligation(tx: Tx, principal: Principal, obligation_id: str) -> StoredObligation:
    """One obligation; 404 when there is none, or none that this person may see."""
    if not principal.has_role(*WATCHING_OBLIGATIONS):
        permit(principal, WATCHING_OBLIGATIONS, scope=ANY, unit=ANY)
    stored = await load_obligation(tx, obligation_id)
    if stored is None:
        raise Problem("not_found")
    permit(principal, WATCHING_OBLIGATIONS, scope=stored.trial_key, unit=ANY)
    return stored


async def obligations(
    tx: Tx,
    principal: Principal,
    *,
    trial_key: str | None,
    state: ObligationState | None,
    after: str,
    limit: int,
) -> list[StoredObligation]:
    """Obligations of a trial, or of every trial for a role that has every trial."""
    permit(principal, WATCHING_OBLIGATIONS, scope=trial_key or ANY, unit=ANY)
    keys = None if trial_key is None else frozenset({trial_key})
    states = None if state is None else frozenset({state})
    return await list_obligations(tx, trial_keys=keys, states=states, after=after, limit=limit)


async def references(tx: Tx, principal: Principal, trial_key: str) -> list[StoredReference]:
    """Every version of the reference safety information of a trial."""
    permit(principal, READING_REPORTS, scope=trial_key, unit=ANY)
    return await references_of(tx, trial_key)


async def disagreements(tx: Tx, principal: Principal, trial_key: str) -> list[Disagreement]:
    """The register of events on whose causality the parties differ."""
    permit(principal, WATCHING_OBLIGATIONS, scope=trial_key, unit=ANY)
    found = []
    for report_id in await classified_reports(tx, trial_key):
        held = await assessments_of(tx, report_id)
        for product, one in (await newest_classes(tx, report_id)).items():
            if one.details["causality_disagreement"]:
                opinions = {
                    view.party.value: view.value[0]
                    for view in sorted(held, key=lambda view: (view.product != "", view.version))
                    if view.kind.value == "causality" and view.product in ("", product)
                }
                found.append(
                    Disagreement(
                        report_id=report_id,
                        product=product,
                        event_class=one.event_class.value,
                        opinions=opinions,
                    )
                )
    return found


async def would_have_been(
    tx: Tx, principal: Principal, trial_key: str, reference_id: str
) -> list[tuple[str, str, bool | None, bool | None]]:
    """Past events whose expectedness this version would have answered otherwise; it changes none of them.

    Returns:
        Report, product, what was derived, what this version says.
    """
    permit(principal, WATCHING_OBLIGATIONS, scope=trial_key, unit=ANY)
    versions = {one.id: one for one in await references_of(tx, trial_key)}
    if reference_id not in versions:
        raise Problem("not_found")
    version = versions[reference_id]
    differing = []
    for report_id in await classified_reports(tx, trial_key):
        held = (await newest_classes(tx, report_id)).get(version.product)
        record = await load_report(tx, report_id)
        if held is None or record is None:
            continue
        content = record.event.content
        reaction = JudgedReaction(
            term=content.term.name if content.term else None,
            grade=content.worst_reported_grade() or None,
            fatal="death" in held.details["criteria"],
            life_threatening="life_threatening" in held.details["criteria"],
            onset_on=version.issued_on,
        )
        asked = replace(version.as_version(), approved_on=version.issued_on)
        says = derive_expectedness(reaction, [asked], None).expected
        if says is not held.details["expected"]:
            differing.append((report_id, version.product, held.details["expected"], says))
    return differing
