"""Acknowledgements as regulators really write them."""

import pytest

from services.safety.domain.icsr.acknowledgement import Decided, read_acknowledgement
from services.safety.domain.icsr.xml_reader import DocumentRefused
from tests.oracles import oracle
from tests.safety.cases import acknowledgement

NUMBER = "GB-NETWORK-EP01-0001"
OTHER = "GB-NETWORK-EP01-0002"


def decides(raw: bytes, number: str = NUMBER) -> Decided | None:
    return read_acknowledgement(raw).decides(number)


@pytest.mark.parametrize(("code", "accepted"), [("CA", True), ("CR", False), ("CE", None), ("", None)])
def test_a_message_says_what_became_of_its_case(code: str, accepted: bool | None) -> None:
    found = decides(acknowledgement("b", "AA", **{NUMBER: code}))

    assert (None if found is None else found.accepted) is accepted


def test_a_target_joined_of_two_ids_is_found_by_either() -> None:
    raw = acknowledgement("b", "AE", **{f"21ec1492 {NUMBER}": "CR", f"{OTHER} 33aa": "CA"})

    assert decides(raw) == Decided(accepted=False, details=("R0041", "D.9.1 must be provided"))
    assert decides(raw, OTHER) == Decided(accepted=True, details=("R0041", "D.9.1 must be provided"))
    assert decides(raw, "GB-NETWORK-EP01-000") is None


def test_a_batch_with_one_rejection_rejects_that_one_only() -> None:
    raw = acknowledgement("b", "AE", **{NUMBER: "CR"})

    assert decides(raw) is not None
    assert decides(raw, OTHER) is None


def test_a_rejected_batch_takes_every_case_with_it_whatever_its_messages_say() -> None:
    raw = acknowledgement("b", "AR", **{NUMBER: "CA"})

    assert [decides(raw), decides(raw, OTHER)] == [
        Decided(accepted=False, details=("R0041", "D.9.1 must be provided")),
        Decided(accepted=False, details=()),
    ]


@pytest.mark.parametrize("raw", [b"", b"<!DOCTYPE x><y/>", b"<MCCI_IN200101UV01/>", b"\xff"])
def test_what_is_no_acknowledgement_is_refused(raw: bytes) -> None:
    with pytest.raises(DocumentRefused):
        read_acknowledgement(raw)


@pytest.mark.oracle
def test_fdas_sample_is_read_with_its_joined_target() -> None:
    path = oracle("e2b", "instances", "R3ack-positive.ack", not_checked="FDA's sample acknowledgement")

    read = read_acknowledgement(path.read_bytes())

    assert (read.number, read.code) == ("33439257", "AA")
    assert read.batch_number == "FAERS2022Scenario1-4069-a2dd-08002b30309d"
    found = read.decides("US-APHARMA-8744554B")
    assert found == Decided(accepted=True, details=("Report Loaded Successfully",))
