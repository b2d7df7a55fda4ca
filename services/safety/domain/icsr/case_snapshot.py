"""Everything one case report says, at one moment: what the writer makes a file of, and nothing else.

The product names, codes and words are the reporter's and the sponsor's; identifiers of reactions and drugs are ours
and stable, so that a follow-up names the same ones.
"""

from dataclasses import dataclass
from datetime import date, datetime

from services.safety.domain.icsr.check import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Transmission:
    """The wrapper: who sends what to whom. `created_at` is aware and is the file's only time of making."""

    batch_number: str
    sender: str
    batch_receiver: str
    message_receiver: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """C.1.11: `1` nullifies the case, `2` amends it without new information."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporter:
    """C.2.r: a qualification of list 6 (empty when unknown) and a country; no name leaves the house."""

    qualification: str
    country: str
    organisation: str = ""
    primary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """C.3: type of list 7; organisation is empty only for a patient."""

    type: str
    organisation: str
    department: str = ""
    country: str = ""
    telephone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    number: str
    country: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """C.5: type of list 8, 1 for a clinical trial."""

    name: str
    sponsor_number: str
    type: str = "1"
    registrations: tuple[Registration, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A decimal number as text, and a unit of UCUM."""

    number: str
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """D.9: dates may be unknown; `autopsy` is true, false or None for unknown."""

    on: date | None
    autopsy: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """D: no name and no date of birth, but the trial number, and the age at onset."""

    trial_number: str
    age: Quantity | None = None
    age_group: str = ""
    sex: str = ""
    weight_kg: str = ""
    height_cm: str = ""
    history: str = ""
    death: Death | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """A MedDRA term: numeric code of the lowest level and the version; the operator's own licence."""

    code: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """E.i: `criteria` are letters a to f of E.i.3.2 that are true, `h` FDA's required intervention."""

    id: str
    term: str
    coded: Coded
    criteria: frozenset[str]
    outcome: str
    onset: str = ""
    end: str = ""
    country: str = ""
    native_term: str = ""
    native_language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dosage:
    """G.k.4.r: dates as HL7 writes them, year to second; empty when not known."""

    text: str = ""
    first: str = ""
    last: str = ""
    dose: Quantity | None = None
    route: str = ""
    batch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorisation:
    number: str
    country: str
    holder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drug:
    """G.k: role of list 13, action of list 15; `blinded` while the allocation is not known to the sender."""

    id: str
    name: str
    role: str
    blinded: bool = False
    substances: tuple[str, ...] = ()
    authorisation: Authorisation | None = None
    dosages: tuple[Dosage, ...] = ()
    indication: str = ""
    indication_coded: Coded | None = None
    action: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relatedness:
    """G.k.9.i.2.r: one opinion by one source and method on one reaction and one drug."""

    reaction_id: str
    drug_id: str
    source: str
    method: str
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FdaPremarket:
    """FDA's own elements of a report under an IND; codes of its lists, empty when not reportable."""

    ind_number: str
    report_type: str
    cross_reported: tuple[str, ...] = ()
    combination_product: bool = False
    races: tuple[str, ...] = ()
    ethnicity: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSnapshot:
    """One case.

    Attributes:
        number: C.1.1, fixed for life.
        worldwide_number: C.1.8.1, fixed for life.
        first_received_on: C.1.4.
        latest_information_on: C.1.5.
        expedited: C.1.7.
        first_sender: C.1.8.2, 1 a regulator, 2 other.
        correction: C.1.11, None for a first report or a follow-up.
        other_numbers: C.1.9.1.r, source and number.
        linked_numbers: C.1.10.r.
        fda: None where the report does not go to FDA.
    """

    number: str
    worldwide_number: str
    report_type: str
    first_received_on: date
    latest_information_on: date
    expedited: bool
    first_sender: str
    reporters: tuple[Reporter, ...]
    sender: Sender
    study: Study
    patient: Patient
    reactions: tuple[Reaction, ...]
    drugs: tuple[Drug, ...]
    relatedness: tuple[Relatedness, ...]
    narrative: str
    reporter_comments: str = ""
    sender_comments: str = ""
    correction: Correction | None = None
    other_numbers: tuple[tuple[str, str], ...] = ()
    linked_numbers: tuple[str, ...] = ()
    fda: FdaPremarket | None = None

    @property
    def profile(self) -> Profile:
        return Profile.ICH if self.fda is None else Profile.FDA_PREMARKET
