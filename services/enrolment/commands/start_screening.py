"""Start a screening and give it a number."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from services.enrolment.commands.follow_screening import follow_screening
from services.enrolment.commands.permission import allow
from services.enrolment.domain.age import BirthMonth, local_date
from services.enrolment.domain.board import Board, ScreeningState
from services.enrolment.domain.ids import ScreeningId, ScreeningNumber, SiteId
from services.enrolment.domain.protocol_terms import NoTerms, ProtocolTerms, rules_in_use
from services.enrolment.domain.recruitment import TrialStatus, check_screening_allowed, require_site_running
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.roles import SITE_STAFF
from services.enrolment.domain.screening import Screening, check_born
from services.enrolment.events.screening_events import ScreeningStartedV1
from services.enrolment.store.boards import load_board, lock_trial
from services.enrolment.store.people import count_in_screening, insert_screening, next_number
from services.enrolment.store.trials import versions_of
from shared.act import Act
from shared.database import Tx
from shared.outbox import NewEvent, put


@dataclass(frozen=True, slots=True, kw_only=True)
class StartScreening:
    trial: str
    part: str
    site_number: str
    born: BirthMonth
    previous_screening_id: str = ""


async def start_screening(tx: Tx, command: StartScreening, act: Act) -> Screening:
    """A new screening at a site of its own; it may follow one of the same person that has ended there.

    Raises:
        Refused: `trial_not_open`, `site_suspended`, `site_not_activated` (also for a part that the site's
            version has not), `target_reached`, `time_in_future` for a month of birth that has not begun; what
            `follow_screening` raises where an earlier screening is named.
    """
    allowed = await allow(tx, act, SITE_STAFF, command.trial, command.site_number)
    await lock_trial(tx, allowed.trial.id)
    board = await load_board(tx, allowed.trial.id, act.now)
    terms = await _terms(tx, board, command, act)
    zone = ZoneInfo(board.sites[SiteId(command.site_number)].zone)
    check_born(command.born, local_date(act.now, zone))
    held = sum(
        record.held is not None and record.slot.place.part == command.part for record in board.slots.values()
    )
    check_screening_allowed(
        terms.parts[command.part].target,
        await count_in_screening(tx, board.trial_id, command.part),
        held,
        board.registered_in_part(command.part),
    )
    sequence = await next_number(tx, board.trial_id, command.site_number, "screening")
    screening = Screening(
        id=ScreeningId(act.new_id()),
        trial_id=board.trial_id,
        number=str(ScreeningNumber(site=command.site_number, sequence=sequence)),
        site_id=SiteId(command.site_number),
        part=command.part,
        born=command.born,
        state=ScreeningState.IN_SCREENING,
        version=1,
        started_at=act.now,
    )
    await insert_screening(tx, screening)
    if command.previous_screening_id:
        await follow_screening(tx, act, screening, command.previous_screening_id)
    await put(tx, allowed.act, _started(screening, command.previous_screening_id))
    return screening


async def _terms(tx: Tx, board: Board, command: StartScreening, act: Act) -> ProtocolTerms:
    if board.status not in (TrialStatus.OPEN, TrialStatus.PAUSED):
        raise Refused("trial_not_open", f"The trial is {board.status.value}.")
    site = board.sites.get(SiteId(command.site_number))
    require_site_running(site.status if site else None)
    green_lit = site.green_lit if site else frozenset()
    rules = rules_in_use(await versions_of(tx, board.trial_id), green_lit, act.now)
    if isinstance(rules, NoTerms) or command.part not in rules.terms.parts:
        raise Refused("site_not_activated", "No version that the site is green-lit for has this part.")
    return rules.terms


def _started(screening: Screening, previous_screening_id: str) -> NewEvent:
    body = ScreeningStartedV1(
        trial_id=screening.trial_id,
        screening_id=screening.id,
        screening_number=screening.number,
        part=screening.part,
        site_number=screening.site_id,
        started_at=screening.started_at,
        previous_screening_id=previous_screening_id or None,
    )
    return NewEvent(aggregate_id=screening.id, scope=screening.trial_id, body=body)
