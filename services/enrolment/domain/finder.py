"""The trial finder: what referrers and families may know of a trial, and which trials fit what they look for.

It holds counts and dates, never anything about one participant. A date at which a window ends is an expectation
and is called so: nobody is promised a place.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.enrolment.domain.halt import Halt
from services.enrolment.domain.recruitment import SiteStatus, TrialStatus


class RecruitmentStatus(StrEnum):
    """Where a trial or a site stands for somebody who wants to refer; a closed trial stays listed."""

    IN_SET_UP = "in_set_up"
    OPEN = "open"
    OPEN_NO_PLACE_FREE = "open_no_place_free"
    PAUSED = "paused"
    CLOSED_RESULTS_AWAITED = "closed_results_awaited"
    CLOSED_WITH_RESULTS = "closed_with_results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """A molecular criterion of a part, as the protocol states it."""

    gene: str
    alteration: str
    detail: str
    must_be: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartOffer:
    """One part as it is offered today.

    `slots_open` and `waiting` are None where the part has no shared places or the sponsor shows no counts;
    `expected_openings` are local dates after which a pending window will have ended, soonest first.
    """

    part: str
    stratum: str
    age_from_years: int
    age_below_years: int
    markers: tuple[Marker, ...]
    has_places: bool
    slots_open: int | None
    waiting: int | None
    expected_openings: tuple[date, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom a referrer speaks to at a site: a function, and how it is reached."""

    role: str
    name: str
    email: str
    telephone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteOffer:
    """One site of the trial; `conditions` are those it sees under this trial, all of the trial's when empty.

    Contacts are what the site itself entered; `updated_at` None when it has entered nothing.
    """

    site_number: str
    organisation: str
    country: str
    status: RecruitmentStatus
    conditions: tuple[str, ...]
    principal_investigator: Contact | None
    contacts: tuple[Contact, ...]
    note: str
    updated_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The trial's own words: from the protocol file, for professionals and for families."""

    title: str
    kind: str
    phase: str
    registry_ids: tuple[str, ...]
    registry_link: str
    treatment_type: str
    conditions: tuple[str, ...]
    markers: tuple[str, ...]
    plain_title: str
    plain_summary: str
    plain_what_happens: str
    plain_possible_risks: str
    who_to_ask: str
    expected_opening: date | None
    results: str
    slots_shown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialOffer:
    """A trial in the finder; `recruitment_paused_since` and `dosing_paused_since` are set while a halt lasts."""

    trial_id: str
    code: str
    status: RecruitmentStatus
    entry: Entry
    recruitment_paused_since: datetime | None
    dosing_paused_since: datetime | None
    parts: tuple[PartOffer, ...]
    sites: tuple[SiteOffer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What somebody looks for; empty or None does not narrow. Words are compared without regard to case."""

    condition: str = ""
    age_years: int | None = None
    marker: str = ""
    location: str = ""
    status: RecruitmentStatus | None = None


def trial_status(
    status: TrialStatus, halts: Iterable[Halt], places: Iterable[int | None], results: str
) -> RecruitmentStatus:
    """Where the trial stands.

    Args:
        status: as the sponsor says.
        halts: those in force; one that stops recruitment everywhere pauses the trial.
        places: free places of each part, None of a part that shares none.
        results: link to the published results, empty while there are none.
    """
    match status:
        case TrialStatus.SETUP:
            return RecruitmentStatus.IN_SET_UP
        case TrialStatus.OPEN | TrialStatus.PAUSED:
            if status is TrialStatus.PAUSED or any(_everywhere(halt) for halt in halts):
                return RecruitmentStatus.PAUSED
            counted = tuple(places)
            free = not counted or any(count is None or count > 0 for count in counted)
            return RecruitmentStatus.OPEN if free else RecruitmentStatus.OPEN_NO_PLACE_FREE
        case _ if results:
            return RecruitmentStatus.CLOSED_WITH_RESULTS
        case _:
            return RecruitmentStatus.CLOSED_RESULTS_AWAITED


def _everywhere(halt: Halt) -> bool:
    scope = halt.scope
    return scope.recruitment and scope.site_id is None and scope.part is None


def site_status(of_trial: RecruitmentStatus, site: SiteStatus, halted: bool) -> RecruitmentStatus:
    """Where a site stands: never further than its trial."""
    if of_trial not in (RecruitmentStatus.OPEN, RecruitmentStatus.OPEN_NO_PLACE_FREE):
        return of_trial
    match site:
        case SiteStatus.GREEN_LIGHT:
            return RecruitmentStatus.PAUSED if halted else of_trial
        case SiteStatus.SUSPENDED:
            return RecruitmentStatus.PAUSED
        case SiteStatus.INVITED | SiteStatus.SETUP:
            return RecruitmentStatus.IN_SET_UP
        case _:
            return RecruitmentStatus.CLOSED_RESULTS_AWAITED


def fits(trial: TrialOffer, search: Search) -> bool:
    """Whether the trial is what somebody looks for; every stated wish must be met.

    Age and marker must be met by one and the same part, where the marker is a criterion of parts.
    """
    return (
        (search.status is None or trial.status is search.status)
        and _says(search.condition, (*trial.entry.conditions, *_of_sites(trial)))
        and any(_part_fits(trial, part, search) for part in trial.parts)
        and (not search.location or any(_is_at(site, search.location) for site in trial.sites))
    )


def _of_sites(trial: TrialOffer) -> tuple[str, ...]:
    return tuple(condition for site in trial.sites for condition in site.conditions)


def _says(wanted: str, texts: Iterable[str]) -> bool:
    return not wanted or any(wanted.casefold() in text.casefold() for text in texts)


def _part_fits(trial: TrialOffer, part: PartOffer, search: Search) -> bool:
    age = search.age_years
    genes = tuple(f"{marker.gene} {marker.alteration} {marker.detail}" for marker in part.markers)
    return (age is None or part.age_from_years <= age < part.age_below_years) and _says(
        search.marker, (*trial.entry.markers, *genes)
    )


def _is_at(site: SiteOffer, location: str) -> bool:
    wanted = location.casefold()
    return wanted in site.organisation.casefold() or wanted == site.country.casefold()
