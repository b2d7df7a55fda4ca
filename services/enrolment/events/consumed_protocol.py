"""What this service reads of the protocol file that the sponsor's approval carries.

A block that a kind of trial has no use for is absent. Enumerations are read as text; what an unknown word means
is decided where it is used. Dates and decimals stay text here, as the file spells them.
"""

from pydantic import Field

from services.enrolment.events.reading import ReadEvent


class ProtocolTrial(ReadEvent):
    code: str
    ctimp: bool
    title: str = ""
    kind: str = "dose_finding"
    phase: str = ""
    hosted: bool = False
    funding: str = "own"
    legal_sponsor: str = ""
    registry_ids: list[str] = Field(default_factory=list)
    co_enrolment: list[str] = Field(default_factory=list)


class ProtocolLevel(ReadEvent):
    level: int
    label: str
    dose: str
    unit: str


class ProtocolAge(ReadEvent):
    from_years: int
    below_years: int


class ProtocolBiomarker(ReadEvent):
    gene: str
    alteration: str
    detail: str | None = None
    must_be: str = "present"


class ProtocolPart(ReadEvent):
    part: str
    stratum: str
    kind: str
    levels: list[ProtocolLevel] = Field(default_factory=list)
    target: int | None = None
    at_target: str = "refuse"
    allow_until: str | None = None
    biomarkers: list[ProtocolBiomarker] = Field(default_factory=list)
    age: ProtocolAge


class ProtocolWindow(ReadEvent):
    days: int
    starts: str = "first_dose"


class ProtocolDlt(ReadEvent):
    window: ProtocolWindow


class ProtocolTreatment(ReadEvent):
    product: str
    dose_basis: str
    course: list[str] = Field(default_factory=list)


class ProtocolCriterion(ReadEvent):
    id: str
    text: str = ""
    answer: str = "yes_no"
    unit: str | None = None
    at_least: str | None = None
    at_most: str | None = None
    accepted: list[str] = Field(default_factory=list)
    options: list[str] = Field(default_factory=list)
    within_days: int | None = None
    valid_days: int | None = None
    part: str | None = None


class ProtocolEligibility(ReadEvent):
    version: str
    validity_days: int
    criteria: list[ProtocolCriterion]


class ProtocolDocument(ReadEvent):
    document: str
    version: str
    purpose: str
    from_years: int
    below_years: int
    required_for: list[str] = Field(default_factory=lambda: ["new"])
    must_reconsent_by: str | None = None
    languages: list[str] = Field(default_factory=list)


class ProtocolAdultConsent(ReadEvent):
    task_days_before: int = 30
    blocks: list[str] = Field(default_factory=lambda: ["optional_procedures"])


class ProtocolSampleUse(ReadEvent):
    use: str
    text: str


class ProtocolConsent(ReadEvent):
    age_of_consent: dict[str, int]
    assent_from_years: int
    documents: list[ProtocolDocument]
    competent_minor_may_consent: bool = False
    both_parents_required: list[str] = Field(default_factory=list)
    adult_consent: ProtocolAdultConsent = Field(default_factory=ProtocolAdultConsent)
    sample_uses: list[ProtocolSampleUse] = Field(default_factory=list)


class ProtocolSlots(ReadEvent):
    policy: str = "fifo_by_notification"
    reserve_window_hours: int = 72
    per_site_cap: int | None = None
    max_open_reservations_per_site: int | None = None
    warn_hours_before_expiry: int = 24


class ProtocolStagger(ReadEvent):
    sentinel_n: int = 0
    interval_after_sentinel_hours: int = 0
    interval_between_hours: int = 0
    enforce_at: str = "dosing"


class ProtocolDecision(ReadEvent):
    circulation_receipts: bool = True


class ProtocolArm(ReadEvent):
    arm: str
    label: str
    ratio: int = 1


class ProtocolFactor(ReadEvent):
    factor: str
    levels: list[str] = Field(default_factory=list)
    weight: str = "1"


class ProtocolProbability(ReadEvent):
    scheme: str
    p: str | None = None
    q: str | None = None
    t: str | None = None


class ProtocolMethod(ReadEvent):
    """Permuted blocks (`block_sizes`, `strata`) or minimisation (`imbalance`, `probability`, `factors`)."""

    kind: str
    block_sizes: list[int] = Field(default_factory=list)
    strata: list[ProtocolFactor] = Field(default_factory=list)
    imbalance: str | None = None
    probability: ProtocolProbability | None = None
    factors: list[ProtocolFactor] = Field(default_factory=list)
    counts_follow_corrections: bool = True


class ProtocolRandomisation(ReadEvent):
    randomisation: str
    label: str
    part: str
    at: str
    after: str | None = None
    for_arms: list[str] = Field(default_factory=list)
    groups: list[str] = Field(default_factory=list)
    criteria: list[ProtocolCriterion] = Field(default_factory=list)
    blinded: bool
    arms: list[ProtocolArm]
    method: ProtocolMethod
    version: str


class ProtocolVisit(ReadEvent):
    visit: str
    label: str
    kind: str
    at_days: int | None = None
    from_days: int | None = None
    every_days: int | None = None
    until_days: int | None = None
    days_before: int = 0
    days_after: int = 0


class ProtocolLost(ReadEvent):
    attempts: int
    channels: int
    within_days: int


class ProtocolFollowUp(ReadEvent):
    starts: str
    years: int
    visits: list[ProtocolVisit]
    lost: ProtocolLost | None = None
    death_check_days: int | None = None


class ProtocolFinder(ReadEvent):
    treatment_type: str
    conditions: list[str]
    markers: list[str] = Field(default_factory=list)
    registry_link: str | None = None
    plain_title: str
    plain_summary: str
    plain_what_happens: str | None = None
    plain_possible_risks: str | None = None
    who_to_ask: str
    expected_opening: str | None = None
    results: str | None = None
    slots_shown: bool = True


class Protocol(ReadEvent):
    trial: ProtocolTrial
    parts: list[ProtocolPart]
    dlt: ProtocolDlt | None = None
    treatment: ProtocolTreatment | None = None
    eligibility: ProtocolEligibility
    consent: ProtocolConsent
    slots: ProtocolSlots | None = None
    stagger: ProtocolStagger = Field(default_factory=ProtocolStagger)
    decision: ProtocolDecision | None = None
    randomisations: list[ProtocolRandomisation] = Field(default_factory=list)
    follow_up: ProtocolFollowUp | None = None
    finder: ProtocolFinder | None = None
