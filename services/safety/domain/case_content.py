"""What the safety desk says of a case beyond its reports: the regulator's words for products, people and codes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from services.safety.domain.causality import SUSPECTED_ALWAYS, Causality
from services.safety.domain.refusals import Refused


class Source(StrEnum):
    INVESTIGATOR = "investigator"
    SPONSOR = "sponsor"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeddraCode:
    """The code of a lowest level term, entered under the operator's own licence, and its version."""

    code: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReporterEntry:
    """Qualification of ICH list 6, empty when unknown; country of two letters."""

    qualification: str
    country: str
    organisation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductEntry:
    """A product: role of ICH list 13, action of list 15; dates as YYYY-MM-DD or empty."""

    name: str
    role: str
    blinded: bool = False
    substances: tuple[str, ...] = ()
    dosage: str = ""
    dose: str = ""
    dose_unit: str = ""
    first_on: str = ""
    last_on: str = ""
    route: str = ""
    batch: str = ""
    indication: str = ""
    indication_meddra: MeddraCode | None = None
    authorisation_number: str = ""
    authorisation_country: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpinionEntry:
    """One party's opinion on one report and one product."""

    report_id: str
    product: str
    source: Source
    value: Causality


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientEntry:
    """Age at onset with a unit of UCUM (`a`, `mo`, `wk`, `d`), group of list 9, sex 1 or 2; empty when unknown."""

    age: str = ""
    age_unit: str = ""
    age_group: str = ""
    sex: str = ""
    weight_kg: str = ""
    height_cm: str = ""
    history: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FdaEntry:
    """Codes of FDA's lists; `report_type` 1 is a 15-day, 6 a 7-day report."""

    report_type: str = "1"
    races: tuple[str, ...] = ()
    ethnicity: str = ""
    combination_product: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseContent:
    """One version's words; what the reports say of themselves is not repeated here.

    Attributes:
        expedited: C.1.7.
        meddra: by report, the code of its event.
        report_versions: by report, the version this content was written on.
        narrative: H.1, without the line on grades, which is added from the reports.
        other_numbers: C.1.9.1.r of duplicates merged into this case, source and number.
        linked_numbers: C.1.10.r.
    """

    report_versions: Mapping[str, int]
    expedited: bool
    narrative: str
    meddra: Mapping[str, MeddraCode] = field(default_factory=dict)
    reporters: tuple[ReporterEntry, ...] = ()
    products: tuple[ProductEntry, ...] = ()
    opinions: tuple[OpinionEntry, ...] = ()
    patient: PatientEntry = field(default_factory=PatientEntry)
    fda: FdaEntry = field(default_factory=FdaEntry)
    reporter_comments: str = ""
    sender_comments: str = ""
    other_numbers: tuple[tuple[str, str], ...] = ()
    linked_numbers: tuple[str, ...] = ()


def require_coded(content: CaseContent) -> None:
    """Refuse to export what has no licensed code.

    Raises:
        Refused: `meddra_not_loaded` when no event has one, `meddra_code_missing` when some have not.
    """
    missing = [report for report in content.report_versions if report not in content.meddra]
    if missing and not content.meddra:
        raise Refused("meddra_not_loaded", "No event of the case has a MedDRA code.")
    if missing:
        raise Refused("meddra_code_missing", "Some events have no MedDRA code.", {"reports": missing})
    for report, code in content.meddra.items():
        if not (code.code.isascii() and code.code.isdigit() and code.version):
            raise Refused(
                "meddra_code_missing", "A MedDRA code is a number with a version.", {"reports": [report]}
            )


def require_opinion_kept(content: CaseContent, report_id: str, investigator: Causality) -> None:
    """Refuse opinions by product that together say less than the investigator's own on the event.

    Raises:
        Refused: `investigator_causality_protected`.
    """
    said = [
        entry.value
        for entry in content.opinions
        if entry.report_id == report_id and entry.source is Source.INVESTIGATOR
    ]
    if said and investigator in SUSPECTED_ALWAYS and not any(value in SUSPECTED_ALWAYS for value in said):
        raise Refused(
            "investigator_causality_protected", "The investigator suspects a product; the case names none."
        )
