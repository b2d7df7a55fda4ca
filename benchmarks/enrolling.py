"""The enrolment service alone in a process, with stand-ins for sponsor and safety: B9 to B12.

`python -m benchmarks.enrolling --store URL --port P --trials N --parts N --sites N --places N`. Every trial has
expansion parts of one level each, all open. The stand-ins say every ten seconds that there is nothing else, as
the real ones do every second: without it nobody would be registered.
"""

import argparse
import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Any

from deploy.trialops.demo.office import read_protocol
from services.enrolment.app import program
from services.sponsor.events.protocol_file import ProtocolFile
from services.sponsor.events.published import (
    DelegationGrantedV1,
    DoseDecisionSignedV1,
    ProtocolVersionApprovedV3,
    SiteGreenLitV1,
    TrialOpenedV1,
)
from shared.application import build_application
from shared.clock import server_now
from shared.event_loop import run
from shared.process import OrderlyServer, server_config, verifier_of
from shared.service import Service
from shared.service_settings import read_service_settings
from shared.stores import open_database
from shared.telemetry import configure_logging
from shared.testing.fake_producer import FakeProducer
from shared.testing.sim_broker import SimBroker

VERSION = "1"
SAID_EVERY_SECONDS = 10.0
MOST_EVALUABLE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """How much there is: trials, parts of each (one level), sites of each, places at each level."""

    trials: int
    parts: int
    sites: int
    places: int

    def arguments(self) -> list[str]:
        named = {"trials": self.trials, "parts": self.parts, "sites": self.sites, "places": self.places}
        return [text for name, value in named.items() for text in (f"--{name}", str(value))]


def trial_code(n: int) -> str:
    return f"BENCH{n:03d}"


def trial_id(n: int) -> str:
    return f"01993f6e-0000-7000-8000-{n:012d}"


def part(n: int) -> str:
    return f"expansion-{n:02d}"


def site_number(n: int) -> str:
    return f"{n + 1:03d}"


def investigator(site: int) -> str:
    return f"investigator-{site_number(site)}"


def protocol(code: str, parts: int) -> dict[str, Any]:
    """The demonstration's protocol with expansion parts of one level each, for adults, without a cap."""
    document = read_protocol()
    document["trial"] |= {"code": code}
    document["protocol_version"] = document["dlt"]["dlt_definition"]["protocol_version"] = VERSION
    document["slots"] = {"policy": "fifo_by_notification", "reserve_window_hours": 72}
    document["parts"] = [_part(n) for n in range(parts)]
    document["finder"] = {
        "treatment_type": "targeted therapy",
        "conditions": ["High-grade glioma", "Medulloblastoma"],
        "plain_title": f"A new tablet, trial {code}",
        "plain_summary": "What the trial looks for, in plain words. " * 10,
        "who_to_ask": "Your consultant or the research nurse",
    }
    return document


def _part(n: int) -> dict[str, Any]:
    return {
        "part": part(n),
        "stratum": "I",
        "kind": "expansion",
        "levels": [{"level": 1, "label": "level 1", "dose": "75", "unit": "mg/m2"}],
        "monitoring": {
            "source": "benchmark",
            "close_if_dlts_at_least": {str(MOST_EVALUABLE): MOST_EVALUABLE},
            "max_evaluable": MOST_EVALUABLE,
        },
        "age": {"from_years": 4, "below_years": 60},
    }


def _said(network: Network, n: int, now: datetime) -> Iterator[tuple[Any, str]]:
    """Everything the sponsor says of the n-th trial, each as (body, aggregate)."""
    trial, code, since = trial_id(n), trial_code(n), now - timedelta(days=30)
    document = json.dumps(protocol(code, network.parts))
    yield (
        ProtocolVersionApprovedV3(
            trial_id=trial,
            trial_code=code,
            protocol_version=VERSION,
            protocol_sha256=sha256(document.encode()).hexdigest(),
            protocol=ProtocolFile.model_validate_json(document),
            approval_reference="approval-1",
            approved_on=date(2026, 1, 1),
            effective_at=since,
            previous_sunset_at=None,
        ),
        f"protocol-{n}",
    )
    yield TrialOpenedV1(trial_id=trial, trial_code=code, opened_at=since), trial
    for site in range(network.sites):
        yield _green_light(trial, site, since), f"{trial}-site-{site}"
        yield _delegation(trial, site, since), f"{trial}-duty-{site}"
    for number in range(network.parts):
        yield _decision(trial, number, network.places, since), f"{trial}-decision-{number}"


def _green_light(trial: str, site: int, since: datetime) -> SiteGreenLitV1:
    return SiteGreenLitV1(
        trial_id=trial,
        site_id=f"site-{site}",
        site_number=site_number(site),
        organisation="Hospital",
        country="US",
        zone="America/New_York",
        protocol_version=VERSION,
        granted_at=since,
        recruitment_cap=None,
    )


def _delegation(trial: str, site: int, since: datetime) -> DelegationGrantedV1:
    return DelegationGrantedV1(
        trial_id=trial,
        delegation_id=f"{trial}-duty-{site}",
        person=investigator(site),
        role="site_investigator",
        site_number=site_number(site),
        from_at=since,
        until_at=None,
    )


def _decision(trial: str, number: int, places: int, since: datetime) -> DoseDecisionSignedV1:
    rule = {
        "kind": "boundary",
        "source": {"text": "benchmark"},
        "counts": [{"part": part(number), "level": 1}],
        "max_evaluable": MOST_EVALUABLE,
        "close_if_dlts_at_least": [[MOST_EVALUABLE, MOST_EVALUABLE]],
    }
    signed = [
        {"person": one, "role": one, "signed_at": "2026-01-01T00:00:00Z"}
        for one in ("src_chair", "medical_monitor")
    ]
    return DoseDecisionSignedV1.model_validate(
        {
            "trial_id": trial,
            "decision_id": f"{trial}-decision-{number}",
            "kind": "expand",
            "part": part(number),
            "level": 1,
            "places": places,
            "cohort_rule": rule,
            "rule_sha256": None,
            "snapshot_sha256": "0" * 64,
            "text_sha256": "0" * 64,
            "signed_by": signed,
            "in_force_at": since + timedelta(seconds=number),
            "overrides_recommendation": False,
        }
    )


class StandIns:
    """Sponsor and safety, who say what the benchmark needs and then that there is nothing else."""

    def __init__(self, service: Service) -> None:
        self._inboxes = service.inboxes
        self._sponsor, self._safety = FakeProducer("sponsor"), FakeProducer("safety")

    async def say(self, network: Network) -> None:
        for n in range(network.trials):
            records = [
                self._sponsor.event(body, aggregate_id=of, scope=trial_id(n))
                for body, of in _said(network, n, server_now())
            ]
            await self._sponsor.deliver(self._inboxes["sponsor"], *records)
        await self._safety.deliver(self._inboxes["safety"])

    async def say_nothing_else(self) -> None:
        while True:
            await asyncio.sleep(SAID_EVERY_SECONDS)
            await self._sponsor.deliver(self._inboxes["sponsor"])
            await self._safety.deliver(self._inboxes["safety"])


async def _serve(store: str, port: int, network: Network) -> None:
    settings = read_service_settings("enrolment")
    database = open_database(store)
    await database.start()
    service = Service(
        program.define(settings), settings=settings, database=database, transport=SimBroker(Random(0))
    )
    await service.start(worker=False, open_store=False)
    stand_ins = StandIns(service)
    await stand_ins.say(network)
    service.run("stand-ins", stand_ins.say_nothing_else)
    app = build_application(service, verifier_of(settings))
    try:
        await OrderlyServer(server_config(app, "127.0.0.1", port)).serve()
    finally:
        await service.stop(close_store=False)
        await database.stop()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--store", required=True)
    for name in ("trials", "parts", "sites", "places"):
        parser.add_argument(f"--{name}", type=int, required=True)
    given = parser.parse_args()
    configure_logging("enrolment")
    network = Network(trials=given.trials, parts=given.parts, sites=given.sites, places=given.places)
    run(_serve(given.store, given.port, network))


if __name__ == "__main__":
    main()
