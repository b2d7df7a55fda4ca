"""A case for export, invented: sepsis of a child on a trial, related to one product and not to another."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from services.safety.domain.icsr.case_snapshot import (
    Authorisation,
    CaseSnapshot,
    Coded,
    Dosage,
    Drug,
    FdaPremarket,
    Patient,
    Quantity,
    Reaction,
    Registration,
    Relatedness,
    Reporter,
    Sender,
    Study,
    Transmission,
)

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MEDDRA = Coded(code="10040047", version="29.0")
REACTION = "01938f2e-7c00-7000-8000-000000000001"
DRUG_A, DRUG_B = "01938f2e-7c00-7000-8000-00000000000a", "01938f2e-7c00-7000-8000-00000000000b"

CASE = CaseSnapshot(
    number="GB-NETWORK-EP01-0001",
    worldwide_number="GB-NETWORK-EP01-0001",
    report_type="2",
    first_received_on=date(2026, 11, 17),
    latest_information_on=date(2026, 11, 18),
    expedited=True,
    first_sender="2",
    reporters=(Reporter(qualification="1", country="GB", organisation="Site 012", primary=True),),
    sender=Sender(type="3", organisation="Trials Office", department="Safety desk", country="GB"),
    study=Study(
        name="EP01", sponsor_number="EP01-2026", registrations=(Registration(number="1012345", country="GB"),)
    ),
    patient=Patient(
        trial_number="EP01-012-0078",
        age=Quantity(number="7", unit="a"),
        age_group="3",
        sex="2",
        weight_kg="23.5",
    ),
    reactions=(
        Reaction(
            id=REACTION,
            term="Sepsis",
            coded=MEDDRA,
            criteria=frozenset("bc"),
            outcome="2",
            onset="20261115",
            end="",
            country="GB",
        ),
    ),
    drugs=(
        Drug(
            id=DRUG_A,
            name="Palbociclib",
            role="1",
            substances=("palbociclib",),
            authorisation=Authorisation(number="EU/1/16/1147", country="EU", holder="Invented Holder"),
            dosages=(
                Dosage(
                    text="75 mg/m2 once daily, day 1 to 21",
                    first="20261101",
                    last="20261114",
                    dose=Quantity(number="70", unit="mg"),
                    route="Oral",
                    batch="L-77",
                ),
            ),
            indication="Glioma",
            indication_coded=Coded(code="10018338", version="29.0"),
            action="1",
        ),
        Drug(id=DRUG_B, name="Co-trimoxazole", role="2", blinded=True, action="4"),
    ),
    relatedness=(
        Relatedness(
            reaction_id=REACTION,
            drug_id=DRUG_A,
            source="Investigator",
            method="Global introspection",
            result="Related",
        ),
        Relatedness(
            reaction_id=REACTION,
            drug_id=DRUG_B,
            source="Investigator",
            method="Global introspection",
            result="Not related",
        ),
    ),
    narrative="Sepsis, CTCAE 6.0 grade 4, on day 15 <of> the first course & recovering.",
    reporter_comments="Blood culture positive.",
    sender_comments="Listed for neither product.",
)
FDA = FdaPremarket(ind_number="123456", report_type="6")

TRANSMISSION = Transmission(
    batch_number="B-1",
    sender="NETWORK",
    batch_receiver="MHRA",
    message_receiver="MHRA",
    created_at=datetime(2026, 11, 19, 9, 30, tzinfo=UTC),
)
TO_FDA = replace(TRANSMISSION, batch_receiver="ZZFDA_PREMKT", message_receiver="CDER_IND")


def case(**changes: Any) -> CaseSnapshot:
    return replace(CASE, **changes)


def fda_case(**changes: Any) -> CaseSnapshot:
    """The same under an IND, judged by FDA's method besides."""
    by_method = tuple(
        Relatedness(reaction_id=REACTION, drug_id=drug, source="Sponsor", method="FDA", result=result)
        for drug, result in ((DRUG_A, "Suspected"), (DRUG_B, "Not Suspected"))
    )
    under_ind = replace(CASE, fda=FDA, relatedness=(*CASE.relatedness, *by_method))
    return replace(under_ind, **changes)
