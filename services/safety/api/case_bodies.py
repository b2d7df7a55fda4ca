"""What routes of cases take and give, and between it and the domain's values."""

import base64
import binascii
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from services.safety.api.parameters import Answered
from services.safety.domain.case_content import (
    CaseContent,
    FdaEntry,
    MeddraCode,
    OpinionEntry,
    PatientEntry,
    ProductEntry,
    ReporterEntry,
    Source,
)
from services.safety.domain.case_route import CaseRoute, MetBy, StudyRegistration
from services.safety.domain.causality import Causality
from services.safety.domain.icsr.check import Profile
from shared.json_body import Day, Instant, StrictModel

MOST_FILE_BYTES = 8 * 1024 * 1024
BODY_LIMIT = MOST_FILE_BYTES * 4 // 3 + 10_000

Short = Annotated[str, Field(max_length=250)]
Code = Annotated[str, Field(max_length=20)]
Text = Annotated[
    str, Field(max_length=100_000, description="Never leaves this service but in the case's file")
]
Reason = Annotated[str, Field(max_length=2000)]
ReportIds = Annotated[list[str], Field(min_length=1, max_length=50)]


def _is_base64(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("not base 64") from None
    return text


FileIn = Annotated[str, Field(max_length=BODY_LIMIT, description="In base 64"), AfterValidator(_is_base64)]


class MeddraIn(StrictModel):
    code: Annotated[str, Field(pattern=r"^[0-9]{1,8}$")]
    version: Annotated[str, Field(pattern=r"^[0-9]{1,2}\.[0-9]$")]


class ReporterIn(StrictModel):
    qualification: Code = ""
    country: Code = ""
    organisation: Short = ""


class ProductIn(StrictModel):
    """Role of ICH list 13 and action of list 15; dates as YYYY-MM-DD."""

    name: Short
    role: Literal["1", "2", "3", "4"]
    blinded: bool = False
    substances: Annotated[list[Short], Field(max_length=20)] = Field(default_factory=list)
    dosage: Annotated[str, Field(max_length=2000)] = ""
    dose: Code = ""
    dose_unit: Code = ""
    first_on: Day | None = None
    last_on: Day | None = None
    route: Short = ""
    batch: Short = ""
    indication: Short = ""
    indication_meddra: MeddraIn | None = None
    authorisation_number: Short = ""
    authorisation_country: Code = ""
    action: Code = ""


class OpinionIn(StrictModel):
    report_id: str
    product: Short
    source: Literal["investigator", "sponsor"]
    value: Literal["unrelated", "unlikely", "possible", "probable", "definite", "not_assessed"]


class PatientIn(StrictModel):
    age: Code = ""
    age_unit: Code = ""
    age_group: Code = ""
    sex: Code = ""
    weight_kg: Code = ""
    height_cm: Code = ""
    history: Annotated[str, Field(max_length=10_000)] = ""


class FdaIn(StrictModel):
    report_type: Code = "1"
    races: Annotated[list[Code], Field(max_length=10)] = Field(default_factory=list)
    ethnicity: Code = ""
    combination_product: bool = False


class OtherNumberIn(StrictModel):
    source: Annotated[str, Field(max_length=100)]
    number: Annotated[str, Field(max_length=100)]


class ContentIn(StrictModel):
    """What the reports do not say of themselves; the first reporter is the primary source."""

    expedited: bool
    narrative: Text
    meddra: dict[str, MeddraIn] = Field(default_factory=dict)
    reporters: Annotated[list[ReporterIn], Field(max_length=20)] = Field(default_factory=list)
    products: Annotated[list[ProductIn], Field(max_length=50)] = Field(default_factory=list)
    opinions: Annotated[list[OpinionIn], Field(max_length=500)] = Field(default_factory=list)
    patient: PatientIn = PatientIn()
    fda: FdaIn = FdaIn()
    reporter_comments: Annotated[str, Field(max_length=20_000)] = ""
    sender_comments: Annotated[str, Field(max_length=20_000)] = ""
    other_numbers: Annotated[list[OtherNumberIn], Field(max_length=50)] = Field(default_factory=list)
    linked_numbers: Annotated[list[Short], Field(max_length=50)] = Field(default_factory=list)

    def content(self) -> CaseContent:
        return CaseContent(
            report_versions={},
            expedited=self.expedited,
            narrative=self.narrative,
            meddra={report: _meddra(one) for report, one in self.meddra.items()},
            reporters=tuple(ReporterEntry(**one.model_dump()) for one in self.reporters),
            products=tuple(_product(one) for one in self.products),
            opinions=tuple(_opinion(one) for one in self.opinions),
            patient=PatientEntry(**self.patient.model_dump()),
            fda=FdaEntry(**(self.fda.model_dump() | {"races": tuple(self.fda.races)})),
            reporter_comments=self.reporter_comments,
            sender_comments=self.sender_comments,
            other_numbers=tuple((one.source, one.number) for one in self.other_numbers),
            linked_numbers=tuple(self.linked_numbers),
        )


def _meddra(one: MeddraIn) -> MeddraCode:
    return MeddraCode(code=one.code, version=one.version)


def _product(one: ProductIn) -> ProductEntry:
    said = one.model_dump(exclude={"indication_meddra", "first_on", "last_on", "substances"})
    return ProductEntry(
        **said,
        substances=tuple(one.substances),
        first_on=one.first_on.isoformat() if one.first_on else "",
        last_on=one.last_on.isoformat() if one.last_on else "",
        indication_meddra=_meddra(one.indication_meddra) if one.indication_meddra else None,
    )


def _opinion(one: OpinionIn) -> OpinionEntry:
    return OpinionEntry(
        report_id=one.report_id,
        product=one.product,
        source=Source(one.source),
        value=Causality(one.value),
    )


class RegistrationIn(StrictModel):
    number: Short
    country: Code = ""


class RouteIn(StrictModel):
    """Values of a regulator's route; a change is a new version."""

    trial: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
    name: Short
    profile: Literal["ich", "fda-premarket"]
    batch_receiver: Annotated[str, Field(max_length=60)]
    message_receiver: Annotated[str, Field(max_length=60)]
    sender: Annotated[str, Field(max_length=60)]
    sender_type: Code
    organisation: Annotated[str, Field(max_length=100)]
    department: Annotated[str, Field(max_length=60)] = ""
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    number_prefix: Annotated[str, Field(pattern=r"^[A-Z]{2}-[^-]{1,40}$", description="As GB-NETWORK")]
    study_name: Annotated[str, Field(max_length=2000)]
    study_number: Annotated[str, Field(max_length=50)]
    registrations: Annotated[list[RegistrationIn], Field(max_length=20)] = Field(default_factory=list)
    ind_number: Code = ""
    cross_reported: Annotated[list[Code], Field(max_length=50)] = Field(default_factory=list)
    met_by: Literal["sending", "acceptance"] = "sending"
    recipients: Annotated[
        list[Short], Field(max_length=20, description="As reporting regimes name them; else the name")
    ] = Field(default_factory=list)

    def route(self) -> CaseRoute:
        registrations = tuple(
            StudyRegistration(number=one.number, country=one.country) for one in self.registrations
        )
        said = self.model_dump(
            exclude={"trial", "profile", "registrations", "cross_reported", "met_by", "recipients"}
        )
        return CaseRoute(
            **said,
            profile=Profile(self.profile),
            registrations=registrations,
            cross_reported=tuple(self.cross_reported),
            met_by=MetBy(self.met_by),
            recipients=tuple(self.recipients),
        )


class CaseIn(StrictModel):
    route_id: str
    report_ids: ReportIds
    content: ContentIn


class ChangeIn(StrictModel):
    """`follow_up` brings information, `amendment` corrects without any; `report_ids` are events that join."""

    route_id: str
    kind: Literal["follow_up", "amendment"]
    received_on: Day
    reason: Reason = ""
    content: ContentIn
    report_ids: Annotated[list[str], Field(max_length=50)] = Field(default_factory=list)


class ReasonIn(StrictModel):
    reason: Reason


class CaseFileIn(StrictModel):
    """`reason` is signed for the rules' warnings; without one a file with warnings stays a draft."""

    route_id: str
    case_ids: Annotated[list[str], Field(min_length=1, max_length=100)]
    reason: Reason = ""


class SendingIn(StrictModel):
    """`complete`: it leaves nothing to follow."""

    complete: bool = False
    reference: Annotated[str, Field(max_length=200, description="The gateway's, if it gave one")] = ""


class ContentFileIn(StrictModel):
    content: FileIn


class ReceivedFileIn(StrictModel):
    content: FileIn
    profile: Literal["ich", "fda-premarket"] = "ich"


class RouteOut(Answered):
    route_id: str
    name: str
    profile: str
    recorded_at: Instant
    route: dict[str, Any]


class RouteDefinedOut(Answered):
    route_id: str


class RoutesOut(Answered):
    items: list[RouteOut]


class CaseOut(Answered):
    """`waits`: its newest version is yet to be sent, or was rejected."""

    case_id: str
    number: str
    worldwide_number: str
    state: str
    waits: bool
    version: int
    first_received_on: str
    participant_number: str


class CasesOut(Answered):
    items: list[CaseOut]
    next_cursor: str | None


class CaseVersionOut(Answered):
    version: int
    kind: str
    latest_information_on: str
    reason: str
    content: dict[str, Any]
    recorded_by: str
    recorded_at: Instant


class CaseDetailOut(Answered):
    case: CaseOut
    report_ids: list[str]
    versions: list[CaseVersionOut]


class FindingOut(Answered):
    element: str
    rule: str
    severity: str
    message: str
    path: str


class SentCaseOut(Answered):
    case_id: str
    case_version: int
    kind: str
    state: str
    details: list[str]


class CaseFileOut(Answered):
    file_id: str
    number: str
    profile: str
    state: str
    sha256: str
    created_at: Instant
    sent_at: Instant | None
    reference: str
    findings: list[FindingOut]
    cases: list[SentCaseOut]


class AcknowledgementOut(Answered):
    acknowledgement_id: str
    state: Literal["matched", "quarantined"]
    file_id: str | None
    decided: dict[str, bool]


class CaseFileDetailOut(Answered):
    file: CaseFileOut
    acknowledgements: list[AcknowledgementOut]


class CaseFileItemOut(Answered):
    file_id: str
    number: str
    profile: str
    state: str
    sha256: str
    created_at: Instant
    sent_at: Instant | None


class CaseFilesOut(Answered):
    items: list[CaseFileItemOut]
    next_cursor: str | None


class ReceivedFileOut(Answered):
    received_id: str
    verdict: str
    findings: list[FindingOut]
    cases: list[dict[str, Any]]


class ReceivedFilesOut(Answered):
    items: list[ReceivedFileOut]
    next_cursor: str | None
