"""Who is invented for the demonstration: always the same for one seed, and every protocol file is a real one."""

from pathlib import Path

import pytest

from deploy.trialops.demo import cells, randomised, samples
from deploy.trialops.demo.office import read_protocol
from deploy.trialops.demo.plan import Crowd, draw_invented
from deploy.trialops.demo.stage import busy_with
from services.sponsor.events.protocol_file import ProtocolFile

CROWDS = [randomised.CROWD, samples.CROWD, cells.CROWD]
SHIPPED = sorted((Path(__file__).parents[2] / "deploy" / "trialops" / "demo").glob("*.protocol.json"))


@pytest.mark.parametrize("crowd", CROWDS, ids=lambda crowd: str(crowd.story))
def test_one_seed_invents_the_same_children_and_another_seed_others(crowd: Crowd) -> None:
    children = draw_invented(42, crowd)

    assert children == draw_invented(42, crowd)
    assert children != draw_invented(43, crowd)
    assert len(children) == crowd.children
    assert all(crowd.ages[0] <= child.age_years <= crowd.ages[1] for child in children)
    assert {child.site for child in children} <= set(crowd.sites)


def test_each_story_draws_by_itself() -> None:
    sites = [[child.birth_month for child in draw_invented(42, crowd)] for crowd in CROWDS]

    assert sites[0][:4] != sites[1]
    assert sites[1] != sites[2]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.name))
def test_every_shipped_protocol_file_is_read_strictly_and_is_listed_in_the_finder(path: Path) -> None:
    protocol = ProtocolFile.model_validate_json(path.read_text())

    assert protocol.finder is not None
    assert protocol.finder.who_to_ask.startswith("Nobody: ")
    assert path.name == f"{protocol.trial.code.lower()}.protocol.json"


@pytest.mark.parametrize("name", [randomised.PROTOCOL, samples.PROTOCOL, cells.PROTOCOL])
def test_an_invented_protocol_says_so_in_its_title_and_names_an_invented_sponsor(name: str) -> None:
    trial = read_protocol(name)["trial"]

    assert trial["title"].startswith("Invented for the demonstration: ")
    assert trial["legal_sponsor"] == "Invented for the demonstration"


@pytest.mark.parametrize(("main", "unblinded"), [(1, 0), (0, 1)])
def test_nothing_is_quiet_while_an_event_waits_on_either_topic(main: int, unblinded: int) -> None:
    state = {"unsent": main, "unblinded": {"unsent": unblinded}, "parked": 0, "timers_ran_until": None}

    assert busy_with("enrolment", state, None) == "enrolment has 1 unsent events"
    assert busy_with("enrolment", state | {"unsent": 0, "unblinded": None}, None) == ""
