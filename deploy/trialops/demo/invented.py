"""What the invented trials share: hospitals that do not exist, children drawn from the seed, and how they join.

Every story says what must hold of it as named checks; a check that fails makes the demonstration fail.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from deploy.trialops.calls import Refused
from deploy.trialops.demo.joining import Forms, month_of_birth, sign_forms
from deploy.trialops.demo.office import Network, Office
from deploy.trialops.demo.plan import Invented
from deploy.trialops.demo.stage import Person, Stage, StoryFailed
from deploy.trialops.demo.timeline import Timeline
from shared.clock import format_instant

ZONE = ZoneInfo("Europe/London")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A story as it went.

    `facts` is what the page and `--json` show, without names and without arms; `checks` what must hold.
    """

    code: str
    title: str
    facts: Mapping[str, Any]
    checks: Mapping[str, bool]
    timeline: Timeline

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code, "title": self.title, **self.facts, "checks": dict(self.checks)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A child who takes part."""

    child: Invented
    participant_id: str
    number: str


def network(*sites: str) -> Network:
    """Invented hospitals of the United Kingdom."""
    return Network(sites=sites, country="GB", zone=ZONE.key, called="Invented hospital")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """Everybody at the hospitals of an invented trial."""

    stage: Stage
    office: Office
    timeline: Timeline
    part: str
    criteria: Sequence[str]

    def investigator(self, site: str) -> Person:
        return self.stage.person(f"investigator-{site}", f"site_investigator:{self.office.code}:{site}")

    def nurse(self, site: str) -> Person:
        return self.stage.person(f"nurse-{site}", f"site_nurse:{self.office.code}:{site}")

    def today(self) -> date:
        """The local date at the hospitals."""
        return self.stage.now.astimezone(ZONE).date()

    def tell(self, site: str, what: str, rule: str = "") -> None:
        self.timeline.tell(self.stage.now, f"hospital {site}", what, rule)

    async def join(self, child: Invented, uses: Mapping[str, bool] | None = None) -> Joined:
        """From screening to participant number.

        Args:
            child: who joins.
            uses: of samples, whether each is consented to; where the protocol asks.
        """
        return await self.joined(child, await self.consented(child, uses))

    async def joined(self, child: Invented, screening_id: str) -> Joined:
        """The participant that a screening with everything signed becomes."""
        registered = await self.register(child, screening_id)
        one = Joined(
            child=child,
            participant_id=registered["participant_id"],
            number=registered["participant_number"],
        )
        self.tell(child.site, f"registers {one.number}, {child.age_years} years", "every guard of this kind")
        return one

    async def consented(self, child: Invented, uses: Mapping[str, bool] | None = None) -> str:
        """A screening with everything that registration asks for; returns its id."""
        screening = await self.nurse(child.site).post(
            "enrolment",
            "/screenings",
            {
                "trial": self.office.code,
                "part": self.part,
                "site_number": child.site,
                "born": month_of_birth(child.age_years, child.birth_month, self.today()),
            },
        )
        path, investigator = f"/screenings/{screening['screening_id']}", self.investigator(child.site)
        forms = Forms(own_consent_from=16, assent="assent", sample_uses=uses or {})
        now, today = self.stage.now, self.today()
        await sign_forms(investigator, path, forms, age_years=child.age_years, now=now, today=today)
        signed = {
            "version": "1",
            "answers": dict.fromkeys(self.criteria, True),
            "judgement": {"in_interests": True},
            "signed_at": format_instant(self.stage.now),
        }
        await investigator.post("enrolment", f"{path}/eligibility", signed)
        return str(screening["screening_id"])

    async def register(self, child: Invented, screening_id: str) -> Mapping[str, Any]:
        body = {
            "screening_id": screening_id,
            "age_statement": {"years": child.age_years, "on": self.today().isoformat()},
        }
        registered: Mapping[str, Any] = await self.investigator(child.site).post(
            "enrolment", "/registrations", body
        )
        return registered


async def refusal_of(person: Person, path: str, body: Any) -> str:
    """The code with which enrolment refuses an act.

    Raises:
        StoryFailed: it was not refused.
    """
    try:
        await person.post("enrolment", path, body)
    except Refused as refusal:
        return str(refusal.problem.get("code"))
    raise StoryFailed(f"POST {path} was to be refused and was not")
