from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.enrolment.domain.protocol_terms import (
    NoTerms,
    PartTerms,
    ProtocolTerms,
    terms_ended,
    terms_in_use,
)

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
V3 = ProtocolTerms(
    version="3.0",
    effective_at=NOW - timedelta(days=100),
    parts={"escalation": PartTerms(age_from=1, age_below=18)},
    consent_documents=(),
    eligibility_version="3.0",
    criteria=frozenset({"inc-1"}),
    eligibility_valid_days=7,
)
V4 = replace(V3, version="4.0", effective_at=NOW - timedelta(days=1))


@pytest.mark.parametrize(
    ("green_lit", "version"),
    [({"3.0", "4.0"}, "4.0"), ({"4.0"}, "4.0"), ({"3.0"}, "3.0")],
)
def test_a_site_works_on_the_newest_version_it_has_a_green_light_for(
    green_lit: set[str], version: str
) -> None:
    terms = terms_in_use((V3, V4), frozenset(green_lit), NOW)

    assert isinstance(terms, ProtocolTerms)
    assert terms.version == version


def test_a_version_not_yet_in_effect_binds_nobody() -> None:
    assert terms_in_use((V3, V4), frozenset({"3.0", "4.0"}), NOW - timedelta(days=2)) == V3
    assert terms_in_use((V4,), frozenset({"4.0"}), NOW - timedelta(days=2)) is NoTerms.SITE_NOT_ACTIVATED


def test_a_site_without_a_green_light_has_no_terms() -> None:
    assert terms_in_use((V3, V4), frozenset(), NOW) is NoTerms.SITE_NOT_ACTIVATED


@pytest.mark.parametrize(
    ("sunset_at", "ended"), [(None, False), (NOW, True), (NOW + timedelta(seconds=1), False)]
)
def test_the_previous_version_ends_at_its_sunset(sunset_at: datetime | None, ended: bool) -> None:
    assert terms_ended(replace(V3, sunset_at=sunset_at), NOW) is ended
