from datetime import UTC, datetime

import pytest

from services.sponsor.domain.green_light import GreenLight, GreenLightState
from services.sponsor.domain.ids import PersonId, SiteId, TrialId
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.site import Site, light_for, numbers_by_id, site_numbered

SITE = Site(
    id=SiteId("s1"),
    trial_id=TrialId("t1"),
    number="012",
    organisation="Hospital",
    country="GB",
    zone="Europe/London",
    principal_investigator=PersonId("pi"),
    recruitment_cap=None,
)
State = GreenLightState


def light(version: str, state: State) -> GreenLight:
    return GreenLight(
        trial_id=SITE.trial_id,
        site_id=SITE.id,
        protocol_version=version,
        state=state,
        granted_at=datetime(2026, 3, 2, tzinfo=UTC) if state is State.GRANTED else None,
    )


def test_a_site_is_found_by_its_number() -> None:
    assert site_numbered([SITE], "012") == SITE
    assert numbers_by_id([SITE]) == {SITE.id: "012"}
    with pytest.raises(Refused, match="site_unknown"):
        site_numbered([SITE], "013")


@pytest.mark.parametrize(
    ("known", "begins"),
    [
        ([], State.PREPARING),
        ([("1.0", State.GRANTED)], State.PREPARING),
        ([("1.0", State.REVOKED)], State.REVOKED),
        ([("1.0", State.REGRANT_PROPOSED)], State.REVOKED),
        ([("0.9", State.REVOKED), ("1.0", State.GRANTED)], State.PREPARING),
    ],
)
def test_a_new_version_begins_as_revoked_while_the_site_is(
    known: list[tuple[str, State]], begins: State
) -> None:
    found = light_for(SITE, "1.1", [light(*one) for one in known])

    assert (found.protocol_version, found.state) == ("1.1", begins)


def test_a_known_version_keeps_its_own_light() -> None:
    granted = light("1.0", State.GRANTED)

    assert light_for(SITE, "1.0", [light("0.9", State.REVOKED), granted]) == granted
