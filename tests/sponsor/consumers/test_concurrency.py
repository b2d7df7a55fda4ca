"""Both producers are heard at once, in transactions of their own: neither may miss what the other brought."""

import asyncio

from tests.sponsor.office import Office

PART = "escalation"


async def test_what_two_inboxes_bring_at_once_is_concluded_from_together(office: Office) -> None:
    heard, inboxes = office.network, office.running.service.inboxes
    await office.decide(PART, "open_level", 1, 6)
    for number in range(6):
        person = f"p{number}"
        await asyncio.gather(
            inboxes["enrolment"].receive([heard.registered(person, PART, 1), heard.dosed(person, PART, 1)]),
            inboxes["safety"].receive([heard.verdict(person, "no_dlt", PART, 1)]),
        )

        said = (await office.part(PART))["recommendation"]
        assert said["counts"][0] == [1, number + 1, 0, 0]
        assert (await office.part(PART))["levels"][0]["held"] is None
