"""Taking over a running trial, this service's part: people with the numbers that they have, doses, waiting list."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from services.enrolment.commands.keep_taken_over import keep_taken_over
from services.enrolment.commands.permission import allow, principal_of
from services.enrolment.commands.take_over_checks import Ground, check_folder
from services.enrolment.commands.take_over_files import PEOPLE, WAITING, Folder, read_folder
from services.enrolment.commands.taken_people import people_of
from services.enrolment.domain.board import Board
from services.enrolment.domain.decisions import KnownDecision
from services.enrolment.domain.ids import DecisionId
from services.enrolment.domain.recruitment import TrialStatus
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.roles import TAKING_OVER
from services.enrolment.events.take_over_events import TakeOverCompletedV1
from services.enrolment.store.boards import load_board, lock_trial
from services.enrolment.store.take_overs import holds_people, numbers_taken
from services.enrolment.store.trials import versions_of
from shared.act import Act
from shared.csv_tables import BadRow
from shared.database import Tx
from shared.outbox import NewEvent, put
from shared.problems import Problem
from shared.signed_folders import (
    CheckedFolder,
    SignedFolder,
    VerifyProof,
    derived_id,
    find_folder,
    finish_folder,
    folder_sha256,
    sign_folder,
    told,
)


async def check_take_over(tx: Tx, files: Mapping[str, str], act: Act) -> CheckedFolder:
    """Everything wrong with the folder as far as this service can tell; nothing is changed or locked.

    Raises:
        Refused: `take_over_invalid` when the folder does not say which trial it is; what stands in the way of
            any folder: `trial_not_in_setup`, `trial_not_empty`, `take_over_too_early`.
    """
    folder = read_folder(files)
    return (await _check(tx, act, files, folder))[0]


async def sign_take_over(tx: Tx, files: Mapping[str, str], act: Act, verify: VerifyProof) -> CheckedFolder:
    """Sign the folder; with the second person's signature everything in it is kept and told.

    Raises:
        Refused: as `check_take_over`; `take_over_invalid` with every bad row or for a person whom the folder
            does not name; `take_over_too_early` while the folder's decisions have not been heard here.
        Problem: 401 `proof_required`, 409 `proof_replayed`.
    """
    folder = read_folder(files)
    checked, board, act = await _check(tx, act, files, folder, lock=True)
    if checked.bad:
        raise _invalid(checked.bad)
    if folder.header is None or act.actor not in folder.header.signed_by:
        raise Refused("take_over_invalid", "The folder names two other people.", rows=[])
    signed = await sign_folder(tx, act, board.trial_id, checked.sha256, verify)
    if signed.done or not signed.complete:
        return replace(checked, folder=signed)
    ids = _decision_ids(folder, checked.sha256)
    _require_decisions(board, ids)
    versions = await versions_of(tx, board.trial_id)
    people = people_of(folder, board.trial_id, versions, ids, act.new_id)
    await keep_taken_over(tx, act, board, folder, people, signed.id)
    signed = await finish_folder(tx, act, signed, checked.counts)
    await put(tx, act, _completed(act, board, signed))
    return replace(checked, folder=signed)


async def _check(
    tx: Tx, act: Act, files: Mapping[str, str], folder: Folder, *, lock: bool = False
) -> tuple[CheckedFolder, Board, Act]:
    if not principal_of(act).has_role(*TAKING_OVER):
        raise Problem("forbidden")
    if folder.header is None:
        raise _invalid(folder.bad)
    allowed = await allow(tx, act, TAKING_OVER, folder.header.trial)
    trial, act = allowed.trial, allowed.act
    if lock:
        await lock_trial(tx, trial.id)
    board = await load_board(tx, trial.id, act.now)
    sha256 = folder_sha256(files)
    known = await find_folder(tx, sha256)
    checked = CheckedFolder(name=trial.code, sha256=sha256, counts=_counts(folder), bad=(), folder=known)
    if known is not None and known.done:
        return replace(checked, counts=known.counts), board, act
    await _require_empty(tx, board)
    ground = Ground(
        versions=await versions_of(tx, trial.id),
        policy=board.policy.waiting,
        taken=await numbers_taken(tx, [row["number"] for row in folder[PEOPLE].rows]),
        now=act.now,
    )
    bad = [*folder.bad, *check_folder(folder, ground)]
    if len(set(folder.header.signed_by)) < len(folder.header.signed_by):
        bad.append(BadRow(file="trial.json", row=0, column="signed_by", rule="second_person_required"))
    return replace(checked, bad=sorted(bad)), board, act


async def _require_empty(tx: Tx, board: Board) -> None:
    if not board.copies_complete or board.status is not TrialStatus.SETUP:
        known = board.copies_complete
        code = "trial_not_in_setup" if known else "take_over_too_early"
        raise Refused(code, f"The trial is {board.status.value}." if known else "Copies are being rebuilt.")
    if await holds_people(tx, board.trial_id):
        raise Refused("trial_not_empty", "Somebody was screened in the trial here.")


def _counts(folder: Folder) -> dict[str, int]:
    return {name.partition(".")[0]: len(table.rows) for name, table in folder.tables.items()}


def _decision_ids(folder: Folder, sha256: str) -> dict[str, str]:
    return {one.label: derived_id(sha256, "decision", one.label, one.in_force_at) for one in folder.decisions}


def _require_decisions(board: Board, ids: Mapping[str, str]) -> None:
    """Every decision of the folder has been heard and applied; the sponsor's part comes first."""
    known: list[KnownDecision | None] = [board.decisions.get(DecisionId(it)) for it in ids.values()]
    if any(one is None or one.applied_at is None for one in known):
        raise Refused("take_over_too_early", "The decisions have not been heard here; try again in a moment.")


def _invalid(bad: Sequence[BadRow]) -> Refused:
    return Refused("take_over_invalid", "Nothing was taken over.", rows=told(bad))


def _completed(act: Act, board: Board, signed: SignedFolder) -> NewEvent:
    body = TakeOverCompletedV1(
        trial_id=board.trial_id,
        take_over_id=signed.id,
        folder_sha256=signed.sha256,
        participants=int(signed.counts[PEOPLE.partition(".")[0]]),
        waiting=int(signed.counts[WAITING.partition(".")[0]]),
        completed_at=act.now,
    )
    return NewEvent(aggregate_id=signed.id, scope=board.trial_id, body=body)
