"""Where a report belongs: its trial and participant as far as they are known, and the rules that hold there."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.safety.domain.ctcae import Dictionary
from services.safety.domain.delegation import Delegation
from services.safety.domain.dlt_definition import DltDefinition
from services.safety.domain.ids import ParticipantId, TrialId
from services.safety.domain.laboratory_rules import LaboratoryRules
from services.safety.domain.report import Dosing, ParticipantContext, ReportContext, Unmatched
from services.safety.domain.reporting_terms import NO_TERMS, TermsOverTime
from services.safety.domain.treatment_course import EndReason

NETWORK = "network"
HOME_ZONE = "Europe/London"
NO_TRIAL = "unknown trial"


def zone_named(name: str) -> ZoneInfo:
    """The zone of this name, or the network's own when no such zone is known."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(HOME_ZONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRef:
    """A trial as alerts and events name it; `id` is None when its code is not known here."""

    id: TrialId | None
    code: str
    zone: ZoneInfo

    @property
    def scope(self) -> str:
        """Partition key of what is said about it."""
        return self.id or NETWORK


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownParticipant:
    """A registered participant with what bears on a report."""

    id: ParticipantId
    site_number: str
    zone: ZoneInfo
    first_dose_at: datetime | None
    ended_at: datetime | None
    ended_reason: EndReason | None
    consented_at: datetime | None
    other_worst_grade: int
    other_death_on: date | None

    def context(self) -> ParticipantContext:
        """What is known, in local dates; without news of a first dose, dosing is not known."""
        return ParticipantContext(
            dosing=Dosing.UNKNOWN if self.first_dose_at is None else Dosing.DOSED,
            first_dose_on=self._local(self.first_dose_at),
            consent_on=self._local(self.consented_at),
            death_on=self.other_death_on or self._died_on(),
            has_grade_5=self.other_worst_grade == 5,
        )

    def _died_on(self) -> date | None:
        return self._local(self.ended_at) if self.ended_reason is EndReason.DEATH else None

    def _local(self, instant: datetime | None) -> date | None:
        return None if instant is None else instant.astimezone(self.zone).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Trial, participant and rules of one report; `site_number` is the participant's, else as reported.

    `delegations` are those of whoever asked for the place, in its trial. `window_locked` says that the
    participant's window exists and that nobody else judges it before the transaction ends.
    """

    trial: TrialRef
    trial_key: str
    participant_key: str
    participant: KnownParticipant | None
    site_number: str
    zone: ZoneInfo
    dictionary: Dictionary
    definition: DltDefinition | None
    laboratory: LaboratoryRules | None = None
    reporting: TermsOverTime = NO_TERMS
    delegations: tuple[Delegation, ...] = ()
    window_locked: bool = False

    def context(self) -> ReportContext:
        return ReportContext(
            dictionary=self.dictionary,
            laboratory=self.laboratory,
            zone=self.zone,
            participant=Unmatched() if self.participant is None else self.participant.context(),
            exclusion_ids=frozenset() if self.definition is None else self.definition.exclusion_ids(),
            not_serious=self.reporting.newest.not_serious,
            unlikely_is_suspected=self.reporting.newest.unlikely_is_suspected,
        )
