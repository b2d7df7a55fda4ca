"""`trialops why`: the answers of the two provenance pages, for people, for programs and for the printer."""

from pathlib import Path
from typing import Any

import httpx

from deploy.trialops.demo.office import read_protocol
from deploy.trialops.home import Home
from shared.ids import new_id
from tests.deploy.conftest import Served, Tool


class Caller:
    """Somebody with a role at the running installation."""

    def __init__(self, served: Served, role: str) -> None:
        self._url = f"{served.url}/sponsor/api/v1"
        self._token = Home(served.home).token(role, f"{role}:*:*")

    def post(self, path: str, body: Any = None) -> Any:
        headers = {"authorization": f"Bearer {self._token}", "idempotency-key": new_id()}
        answer = httpx.post(self._url + path, json=body or {}, headers=headers)
        assert answer.status_code == 201, answer.text
        return answer.json()


def trial_halted(served: Served, code: str) -> tuple[str, str]:
    """A trial that was halted and started again by two people: code and id of the halt."""
    protocol = read_protocol()
    protocol["trial"]["code"] = code
    trial = Caller(served, "trial_manager").post("/trials", protocol)
    monitor, chair = Caller(served, "medical_monitor"), Caller(served, "src_chair")
    scope = {"recruitment": True, "dosing": True}
    halting = {"trial_id": trial["trial_id"], "scope": scope, "reason_code": "freezer_alarm"}
    halt = str(monitor.post("/halts", halting)["halt_id"])
    chair.post(f"/halts/{halt}/plans", {"plan": "Nobody is on treatment."})
    chair.post(f"/halts/{halt}/lift-requests", {"reason": "Stock was moved.", "evidence_id": "log-4"})
    monitor.post(f"/halts/{halt}/lift-approvals")
    return code, halt


def test_why_halt_tells_the_latest_halt_and_writes_its_page(
    served: Served, tool: Tool, tmp_path: Path
) -> None:
    code, halt = trial_halted(served, "WHY01")
    where, page = ["--url", served.url, "--home", str(served.home)], tmp_path / "why.html"

    for_people = tool("why", "halt", code, "--page", str(page), *where)
    for_programs = tool("why", "halt", code, halt, "--json", *where)

    assert (for_people.code, for_programs.code) == (0, 0), for_people.err + for_programs.err
    for said in (halt, "freezer_alarm", "medical_monitor as medical_monitor", "log-4", "less than a minute"):
        assert said in for_people.out
    assert for_programs.document["plan"]["plan"] == "Nobody is on treatment."
    assert "<h1>Why was WHY01 halted for less than a minute?</h1>" in page.read_text()


def test_why_refuses_what_is_no_number_and_says_that_a_trial_was_never_halted(
    served: Served, tool: Tool
) -> None:
    where = ["--url", served.url, "--home", str(served.home)]
    protocol = read_protocol()
    protocol["trial"]["code"] = "WHY02"
    Caller(served, "trial_manager").post("/trials", protocol)

    no_number = tool("why", "participant", "Jane", *where)
    never = tool("why", "halt", "WHY02", *where)
    unknown = tool("why", "halt", "WHY99", *where)
    nobody = tool("why", "participant", "WHY02-001-0019", *where)

    assert (no_number.code, never.code) == (2, 2)
    assert "WHY02 was never halted" in never.err
    assert (unknown.code, nobody.code) == (1, 1)
    assert not any(said.out for said in (no_number, never, unknown, nobody))
