"""Taking over a running trial, the sponsor's part: sites, staff and decisions, from a folder that two people signed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from services.sponsor.commands.import_rows import trial_looked_at
from services.sponsor.commands.import_sites import PERSON, SitesPlanned, keep_sites, plan_sites
from services.sponsor.commands.import_staff import StaffPlanned, keep_staff, plan_staff
from services.sponsor.commands.permission import OFFICE_AND_QUALITY, require_role
from services.sponsor.commands.reassess_trial import reassess
from services.sponsor.commands.taken_decisions import FILE as DECISIONS
from services.sponsor.commands.taken_decisions import DecisionsPlanned, keep_decisions, plan_decisions
from services.sponsor.domain.refusals import Refused
from services.sponsor.domain.trial import Trial, TrialState
from services.sponsor.store.pictures import load_picture
from services.sponsor.store.take_overs import holds_anything
from services.sponsor.store.trials import load_trial
from shared.act import Act
from shared.csv_tables import BadRow
from shared.database import Tx
from shared.json_body import StrictModel
from shared.problems import Problem
from shared.signed_folders import (
    CheckedFolder,
    VerifyProof,
    find_folder,
    finish_folder,
    folder_done,
    folder_sha256,
    read_document,
    sign_folder,
    told,
)

TRIAL, SITES, STAFF = "trial.json", "sites.csv", "staff.csv"
REQUIRED = (TRIAL, SITES, DECISIONS)
NO_STAFF = "person,role,site_number,from,until\n"


class TrialFile(StrictModel):
    """What is taken over, from where, and the two people who answer for it."""

    format: Literal["trialops-take-over/1"]
    trial: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]{1,11}$")]
    source: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    signed_by: Annotated[
        list[Annotated[str, StringConstraints(pattern=f"^{PERSON}$")]], Field(min_length=2, max_length=2)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    trial: Trial
    header: TrialFile
    sites: SitesPlanned
    staff: StaffPlanned
    decisions: DecisionsPlanned

    @property
    def bad(self) -> list[BadRow]:
        return [*self.sites.bad, *self.staff.bad, *self.decisions.bad]

    @property
    def counts(self) -> dict[str, int]:
        return {
            "sites": len(self.sites.new),
            "staff": len(self.staff.new),
            "decisions": len(self.decisions.decisions),
        }


async def check_take_over(tx: Tx, files: Mapping[str, str], act: Act) -> CheckedFolder:
    """Everything wrong with the folder as far as this service can tell; nothing is changed or locked.

    Raises:
        Refused: `take_over_invalid` when the folder does not say which trial it is, and what stands in the
            way of any folder: `trial_not_in_setup`, `protocol_version_not_in_force`, `trial_not_empty`.
    """
    require_role(act, OFFICE_AND_QUALITY)
    sha256 = folder_sha256(files)
    header = _header(files)
    trial, act = await trial_looked_at(tx, act, header.trial, OFFICE_AND_QUALITY)
    folder = await find_folder(tx, sha256)
    if folder is not None and folder.done:
        return CheckedFolder(name=trial.code, sha256=sha256, counts=folder.counts, bad=(), folder=folder)
    plan = await _plan(tx, act, trial, header, sha256, files)
    return CheckedFolder(name=trial.code, sha256=sha256, counts=plan.counts, bad=plan.bad, folder=folder)


async def sign_take_over(tx: Tx, files: Mapping[str, str], act: Act, verify: VerifyProof) -> CheckedFolder:
    """Sign the folder; with the second person's signature everything in it is kept and told.

    Raises:
        Refused: as `check_take_over`; `take_over_invalid` with every bad row, or for a person whom the folder
            does not name.
        Problem: 401 `proof_required`, 409 `proof_replayed`.
    """
    require_role(act, OFFICE_AND_QUALITY)
    header = _header(files)
    seen, act = await trial_looked_at(tx, act, header.trial, OFFICE_AND_QUALITY)
    trial = await load_trial(tx, seen.id)
    if trial is None:
        raise Problem("not_found")
    checked = await check_take_over(tx, files, act)
    if checked.bad:
        raise invalid(checked.bad)
    if act.actor not in header.signed_by:
        raise Refused("take_over_invalid", "The folder names two other people.", rows=[])
    folder = await sign_folder(tx, act, trial.id, checked.sha256, verify)
    if folder.done or not folder.complete:
        return replace(checked, folder=folder)
    plan = await _plan(tx, act, trial, header, checked.sha256, files)
    await keep_sites(tx, act, plan.sites)
    await keep_staff(tx, act, plan.staff, plan.sites.known)
    await keep_decisions(tx, act, plan.decisions.decisions)
    await reassess(tx, act, trial)
    return replace(checked, folder=await finish_folder(tx, act, folder, plan.counts))


def invalid(bad: Sequence[BadRow]) -> Refused:
    return Refused("take_over_invalid", "Nothing was taken over.", rows=told(bad))


def _header(files: Mapping[str, str]) -> TrialFile:
    missing = [
        BadRow(file=name, row=0, column="", rule="file_missing") for name in REQUIRED if name not in files
    ]
    header, bad = read_document(TRIAL, files.get(TRIAL, "{}"), TrialFile)
    if missing or header is None:
        raise invalid([*missing, *bad])
    if len(set(header.signed_by)) < len(header.signed_by):
        raise invalid([BadRow(file=TRIAL, row=0, column="signed_by", rule="second_person_required")])
    return header


async def _plan(
    tx: Tx, act: Act, trial: Trial, header: TrialFile, sha256: str, files: Mapping[str, str]
) -> _Plan:
    picture = await load_picture(tx, trial, act.now)
    if trial.state is not TrialState.SETUP:
        raise Refused("trial_not_in_setup", f"The trial is {trial.state}.", state=trial.state.value)
    if picture is None:
        raise Refused("protocol_version_not_in_force", "No protocol version is in force.")
    if await holds_anything(tx, trial.id) or await folder_done(tx, trial.id):
        raise Refused("trial_not_empty", "Only a trial without participants and decisions is taken over.")
    sites = await plan_sites(tx, act, trial, SITES, files[SITES])
    staff = await plan_staff(tx, act, trial, sites.known, STAFF, files.get(STAFF, NO_STAFF))
    decisions = plan_decisions(act, picture, sha256, files[DECISIONS])
    return _Plan(trial=trial, header=header, sites=sites, staff=staff, decisions=decisions)
