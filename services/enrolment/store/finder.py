"""Trials for the finder, read together: the number of statements does not grow with the number of trials."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.enrolment.domain.finder import (
    Contact,
    Entry,
    Marker,
    PartOffer,
    SiteOffer,
    TrialOffer,
    site_status,
    trial_status,
)
from services.enrolment.domain.halt import Halt, HaltScope
from services.enrolment.domain.ids import HaltId, SiteId
from services.enrolment.domain.recruitment import SiteStatus, TrialStatus
from services.enrolment.domain.windows import window_ends_at
from services.enrolment.store.finder_tables import FinderEntryRow
from shared.database import Sql, Tx, read_instant
from shared.joint_reads import Part, each, fetch_together, instant, nested, read_together
from shared.rows import table_of, upsert

Row = Mapping[str, Any]
save_finder_entries = upsert(table_of(FinderEntryRow))

MOST_KNOWN = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What one protocol version says for the finder; `parts` are (name, terms) as in the file."""

    entry: Entry
    parts: tuple[Row, ...]
    window_days: int | None


_known: OrderedDict[tuple[str, str], Published | None] = OrderedDict()
"""By hash of the protocol file, which never changes its meaning; so that files are read once, not per question."""


async def finder_trials(tx: Tx, now: datetime) -> list[TrialOffer]:
    """Every trial whose protocol in effect has an entry for the finder, by code."""
    versions = _in_effect(await tx.fetch(_VERSIONS), now)
    await _learn(tx, versions)
    listed = {trial: _known[trial, sha] for trial, (_, sha) in versions.items()}
    published = {trial: one for trial, one in listed.items() if one is not None}
    if not published:
        return []
    found = await fetch_together(tx, _LIVE)
    by_trial = _grouped(found)
    offers = [
        _offer(trial, by_trial.get(trial, {}), one, now)
        for trial, one in published.items()
        if by_trial.get(trial, {}).get("trial")
    ]
    return sorted(offers, key=lambda offer: offer.code)


async def finder_entry(tx: Tx, trial_id: str, site_number: str) -> Row | None:
    """What the site itself has entered; None when nothing."""
    found = await fetch_together(tx, _ENTRY, trial_id, site_number)
    return next(each(found, "entry"), None)


async def site_of_trial(tx: Tx, trial_id: str, site_number: str) -> bool:
    return bool(await tx.fetch(_SITE, trial_id, site_number))


def _in_effect(rows: Iterable[Sequence[Any]], now: datetime) -> dict[str, tuple[datetime, str]]:
    """Per trial the newest version in effect, or the first one while none is: (in effect from, hash)."""
    chosen: dict[str, tuple[datetime, str]] = {}
    for trial, effective, sha in rows:
        at = read_instant(effective)
        known = chosen.get(trial)
        sooner = known is not None and known[0] > now and at < known[0]
        if known is None or sooner or known[0] < at <= now:
            chosen[trial] = (at, sha)
    return chosen


async def _learn(tx: Tx, versions: Mapping[str, tuple[datetime, str]]) -> None:
    """Read the protocol files that this process has not read yet."""
    unknown = [(trial, sha) for trial, (_, sha) in versions.items() if (trial, sha) not in _known]
    for trial, sha in unknown:
        rows = await tx.fetch(_TERMS, trial, sha)
        _known[trial, sha] = _published(nested(rows[0][0])) if rows else None
    while len(_known) > max(MOST_KNOWN, len(versions)):
        _known.popitem(last=False)


def _published(terms: Row) -> Published | None:
    finder, trial = terms.get("finder"), terms["trial"]
    if finder is None:
        return None
    opening = finder["expected_opening"]
    entry = Entry(
        title=trial["title"],
        kind=trial["kind"],
        phase=trial["phase"],
        registry_ids=tuple(trial["registry_ids"]),
        registry_link=finder["registry_link"] or "",
        treatment_type=finder["treatment_type"],
        conditions=tuple(finder["conditions"]),
        markers=tuple(finder["markers"]),
        plain_title=finder["plain_title"],
        plain_summary=finder["plain_summary"],
        plain_what_happens=finder["plain_what_happens"] or "",
        plain_possible_risks=finder["plain_possible_risks"] or "",
        who_to_ask=finder["who_to_ask"],
        expected_opening=date.fromisoformat(opening) if opening else None,
        results=finder["results"] or "",
        slots_shown=finder["slots_shown"],
    )
    days = terms["dlt"]["window"]["days"] if terms["dlt"] else None
    return Published(entry=entry, parts=tuple(terms["parts"]), window_days=days)


def _grouped(found: Mapping[str, list[dict[str, Any]]]) -> dict[str, dict[str, list[Row]]]:
    """The rows of each part of the reading, by trial."""
    grouped: dict[str, dict[str, list[Row]]] = {}
    for name in found:
        for row in each(found, name):
            grouped.setdefault(row["trial_id"], {}).setdefault(name, []).append(row)
    return grouped


def _offer(trial_id: str, rows: Mapping[str, list[Row]], one: Published, now: datetime) -> TrialOffer:
    trial = rows["trial"][0]
    halts = tuple(_halt(row) for row in rows.get("halt", ()))
    parts = tuple(_part(part, rows, one) for part in one.parts)
    status = trial_status(
        _status(trial["status"], one, rows),
        halts,
        [_free(part["part"], rows) if part["levels"] else None for part in one.parts],
        one.entry.results,
    )
    return TrialOffer(
        trial_id=trial_id,
        code=trial["code"],
        status=status,
        entry=one.entry,
        recruitment_paused_since=_since(halts, "recruitment"),
        dosing_paused_since=_since(halts, "dosing"),
        parts=parts,
        sites=tuple(
            _site(row, rows, status, halts)
            for row in sorted(rows.get("site", ()), key=lambda row: str(row["site_number"]))
        ),
    )


def _status(stored: str, one: Published, rows: Mapping[str, list[Row]]) -> TrialStatus:
    """The trial's own status; closed to recruitment once every part has reached its target."""
    closed = {row["part"] for row in rows.get("closed", ())}
    status = TrialStatus(stored)
    if status is TrialStatus.OPEN and closed and closed >= {part["part"] for part in one.parts}:
        return TrialStatus.CLOSED_TO_RECRUITMENT
    return status


def _halt(row: Row) -> Halt:
    site = row["site_number"]
    scope = HaltScope(
        part=row["part"],
        level=row["level"],
        site_id=SiteId(site) if site else None,
        recruitment=bool(row["recruitment"]),
        dosing=bool(row["dosing"]),
    )
    return Halt(id=HaltId(row["halt_id"]), scope=scope, effective_at=instant(row["imposed_at"]))


def _since(halts: Iterable[Halt], what: str) -> datetime | None:
    """Since when the act is halted for the whole trial."""
    everywhere = (
        halt.effective_at
        for halt in halts
        if halt.scope.part is None
        and halt.scope.site_id is None
        and (halt.scope.recruitment if what == "recruitment" else halt.scope.dosing)
    )
    return min(everywhere, default=None)


def _free(part: str, rows: Mapping[str, list[Row]]) -> int:
    return sum(int(row["open"]) for row in rows.get("places", ()) if row["part"] == part)


def _part(part: Row, rows: Mapping[str, list[Row]], one: Published) -> PartOffer:
    name, shown = part["part"], one.entry.slots_shown and bool(part["levels"])
    waiting = sum(int(row["waiting"]) for row in rows.get("waiting", ()) if row["part"] == name)
    return PartOffer(
        part=name,
        stratum=part["stratum"],
        age_from_years=part["age"]["from_years"],
        age_below_years=part["age"]["below_years"],
        markers=tuple(_marker(marker) for marker in part["biomarkers"]),
        has_places=bool(part["levels"]),
        slots_open=_free(name, rows) if shown else None,
        waiting=waiting if shown else None,
        expected_openings=_expected(name, rows, one.window_days) if shown else (),
    )


def _marker(marker: Row) -> Marker:
    return Marker(
        gene=marker["gene"],
        alteration=marker["alteration"],
        detail=marker["detail"] or "",
        must_be=marker["must_be"],
    )


def _expected(part: str, rows: Mapping[str, list[Row]], days: int | None) -> tuple[date, ...]:
    """Local dates from which pending windows are over; a date says nothing about whose window it is."""
    if days is None:
        return ()
    zones = {row["site_number"]: ZoneInfo(row["zone"]) for row in rows.get("site", ())}
    dates = set()
    for row in rows.get("pending", ()):
        if row["part"] == part and row["site_number"] in zones:
            zone = zones[row["site_number"]]
            dates.add(window_ends_at(instant(row["first_dose_at"]), days, zone).astimezone(zone).date())
    return tuple(sorted(dates))


def _site(row: Row, rows: Mapping[str, list[Row]], of_trial: Any, halts: Sequence[Halt]) -> SiteOffer:
    number = row["site_number"]
    own = next((it for it in rows.get("entry", ()) if it["site_number"] == number), None)
    halted = any(halt.scope.site_id == number and halt.scope.recruitment for halt in halts)
    investigator = nested(own["principal_investigator"]) if own and own["principal_investigator"] else None
    return SiteOffer(
        site_number=number,
        organisation=row["organisation"],
        country=row["country"],
        status=site_status(of_trial, SiteStatus(row["status"]), halted),
        conditions=tuple(nested(own["conditions"])) if own else (),
        principal_investigator=Contact(**investigator) if investigator else None,
        contacts=tuple(Contact(**contact) for contact in nested(own["contacts"])) if own else (),
        note=own["note"] if own else "",
        updated_at=instant(own["updated_at"]) if own else None,
    )


_VERSIONS = Sql("SELECT trial_id, effective_at, protocol_sha256 FROM protocol_copy")
_TERMS = Sql("SELECT terms FROM protocol_copy WHERE trial_id = $1 AND protocol_sha256 = $2")
_SITE = Sql("SELECT 1 FROM site_copy WHERE trial_id = $1 AND site_number = $2")
_OWN = ("conditions", "principal_investigator", "contacts", "note", "updated_at")
_ENTRY = read_together(
    Part(name="entry", columns=_OWN, source="finder_entry WHERE trial_id = $1 AND site_number = $2")
)
_LIVE = read_together(
    Part(name="trial", columns=("trial_id", "code", "status"), source="trial_copy"),
    Part(
        name="site",
        columns=("trial_id", "site_number", "status", "country", "zone", "organisation"),
        source="site_copy",
    ),
    Part(name="entry", columns=("trial_id", "site_number", *_OWN), source="finder_entry"),
    Part(
        name="places",
        columns=("trial_id", "part", "open"),
        source="(SELECT trial_id, part, count(*) AS open FROM slot WHERE state = 'open'"
        " GROUP BY trial_id, part) AS places",
    ),
    Part(
        name="waiting",
        columns=("trial_id", "part", "waiting"),
        source="(SELECT trial_id, part, count(*) AS waiting FROM waiting_entry WHERE state = 'waiting'"
        " GROUP BY trial_id, part) AS waiting",
    ),
    Part(
        name="halt",
        columns=(
            "trial_id",
            "halt_id",
            "part",
            "level",
            "site_number",
            "recruitment",
            "dosing",
            "imposed_at",
        ),
        source="halt_copy WHERE NOT lifted",
    ),
    Part(
        name="pending",
        columns=("p.trial_id", "p.part", "p.site_number", "p.first_dose_at"),
        source="participant AS p LEFT JOIN verdict_copy AS v ON v.participant_id = p.id"
        " WHERE p.first_dose_at IS NOT NULL AND p.voided_at IS NULL"
        " AND (v.verdict IS NULL OR v.verdict = 'pending')",
    ),
    Part(name="closed", columns=("trial_id", "part"), source="part_recruitment WHERE closed_at IS NOT NULL"),
)
