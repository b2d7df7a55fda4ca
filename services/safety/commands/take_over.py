"""Taking over a running trial, this service's part: adverse events, and verdicts as they were judged."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from services.safety.commands.enter_taken_reports import enter_taken_reports, statement_of
from services.safety.commands.take_over_files import (
    EVENTS,
    PEOPLE,
    VERDICTS,
    Folder,
    check_folder,
    read_folder,
)
from services.safety.domain.place import TrialRef
from services.safety.domain.refusals import Refused
from services.safety.domain.roles import TAKING_OVER
from services.safety.store.definitions import parsed
from services.safety.store.places import trial_named
from services.safety.store.taken_over import (
    add_reports,
    add_verdicts,
    holds_reports,
    known_participants,
    new_numbers,
    versions_known,
)
from shared.act import Act
from shared.audit import record
from shared.auth import ANY, permit
from shared.csv_tables import BadRow
from shared.database import Tx
from shared.problems import Problem
from shared.signed_folders import (
    CheckedFolder,
    VerifyProof,
    derived_id,
    find_folder,
    finish_folder,
    folder_done,
    folder_sha256,
    sign_folder,
    told,
)


async def check_take_over(tx: Tx, files: Mapping[str, str], act: Act) -> CheckedFolder:
    """Everything wrong with the folder as far as this service can tell; nothing is changed or locked.

    Raises:
        Refused: `take_over_invalid` when the folder does not say which trial it is; `trial_not_empty`.
    """
    return (await _check(tx, act, files, read_folder(files)))[0]


async def sign_take_over(tx: Tx, files: Mapping[str, str], act: Act, verify: VerifyProof) -> CheckedFolder:
    """Sign the folder; with the second person's signature its verdicts and events are kept.

    Events are entered once enrolment has told of their participants.

    Raises:
        Refused: as `check_take_over`; `take_over_invalid` with every bad row, or for a person whom the folder
            does not name.
        Problem: 401 `proof_required`, 409 `proof_replayed`.
    """
    folder = read_folder(files)
    checked, trial, act = await _check(tx, act, files, folder)
    if checked.bad:
        raise _invalid(checked.bad)
    if folder.header is None or act.actor not in folder.header.signed_by:
        raise Refused("take_over_invalid", "The folder names two other people.", {"rows": []})
    signed = await sign_folder(tx, act, trial.scope, checked.sha256, verify)
    if signed.done or not signed.complete:
        return replace(checked, folder=signed)
    await _keep(tx, act, trial.scope, folder, signed.id, checked.sha256)
    signed = await finish_folder(tx, act, signed, checked.counts)
    await enter_taken_reports(tx, act, trial.scope)
    return replace(checked, folder=signed)


async def _check(
    tx: Tx, act: Act, files: Mapping[str, str], folder: Folder
) -> tuple[CheckedFolder, TrialRef, Act]:
    principal = act.principal
    if principal is None or not principal.has_role(*TAKING_OVER):
        raise Problem("forbidden")
    if folder.header is None:
        raise _invalid(folder.bad)
    trial = await trial_named(tx, None, folder.header.trial)
    if trial.id is None:
        raise Problem("not_found")
    act = act.as_role(permit(principal, TAKING_OVER, scope=trial.code, unit=ANY).role)
    sha256 = folder_sha256(files)
    known = await find_folder(tx, sha256)
    checked = CheckedFolder(name=trial.code, sha256=sha256, counts=_counts(folder), bad=(), folder=known)
    if known is not None and known.done:
        return replace(checked, counts=known.counts), trial, act
    await _require_empty(tx, trial.id, folder)
    versions = await versions_known(tx, trial.id)
    definitions = {version: parsed(text) for version, text in versions.items()}
    bad = [*folder.bad, *check_folder(folder, definitions, act.now)]
    return replace(checked, bad=sorted(bad)), trial, act


async def _require_empty(tx: Tx, trial_id: str, folder: Folder) -> None:
    """The folder's own participants may be known: enrolment's part may have come first."""
    numbers = [row["number"] for row in folder[PEOPLE].rows]
    others = new_numbers(await known_participants(tx, trial_id), numbers)
    if others or await holds_reports(tx, trial_id) or await folder_done(tx, trial_id):
        raise Refused("trial_not_empty", "The trial has participants or reports here already.")


async def _keep(tx: Tx, act: Act, trial_id: str, folder: Folder, folder_id: str, sha256: str) -> None:
    reports = [
        {
            "report_id": derived_id(sha256, "report", row["reference"], row["aware_at"]),
            "trial_id": trial_id,
            "participant_number": row["number"],
            "closed": row["state"] == "closed",
            "statement": statement_of(row.values),
            "signed_by": act.actor,
            "entered_at": None,
        }
        for row in folder[EVENTS].rows
    ]
    await add_reports(tx, reports)
    for row in folder[VERDICTS].rows:
        stated = {name: row[name] for name in ("number", "verdict", "evidence", "judged_by")}
        details = stated | {"criteria": list(row["criteria"]), "judged_at": row["judged_at"].isoformat()}
        await record(tx, act, folder_id, "take-over.verdict-kept", details)
    await add_verdicts(
        tx,
        [
            {
                "trial_id": trial_id,
                "participant_number": row["number"],
                "verdict": row["verdict"],
                "criteria": sorted(row["criteria"]),
                "evidence": row["evidence"],
                "judged_by": row["judged_by"],
                "judged_at": row["judged_at"],
                "report_ids": sorted(
                    one["report_id"] for one in reports if one["participant_number"] == row["number"]
                ),
            }
            for row in folder[VERDICTS].rows
        ],
    )


def _counts(folder: Folder) -> dict[str, int]:
    return {name.partition(".")[0]: len(folder[name].rows) for name in (EVENTS, VERDICTS)}


def _invalid(bad: Sequence[BadRow]) -> Refused:
    return Refused("take_over_invalid", "Nothing was taken over.", {"rows": told(bad)})
