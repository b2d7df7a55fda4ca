"""Prepare what a randomisation draws from: a seed, from which lists are generated, or a table made elsewhere."""

from dataclasses import dataclass

from services.enrolment.commands.blinding import allow_unblinded
from services.enrolment.commands.permission import Allowed
from services.enrolment.domain.permuted_blocks import GENERATOR, PermutedBlocks
from services.enrolment.domain.randomisation_design import InvalidDesign
from services.enrolment.domain.randomisation_records import PreparedList
from services.enrolment.domain.randomisation_terms import RandomisationTerms, rows_needed
from services.enrolment.domain.randomising import DRAWS, check_seed
from services.enrolment.domain.refusals import Refused
from services.enrolment.domain.uploaded_list import UploadedList, read_uploaded
from services.enrolment.store.boards import lock_trial
from services.enrolment.store.randomisation_terms import document_of, randomisations_of
from services.enrolment.store.trials import versions_of
from services.enrolment.store.unblinded import insert_list, insert_uploaded, lists_of
from shared.act import Act
from shared.audit import record as record_audit
from shared.database import Tx
from shared.topics import UNBLINDED_AGGREGATES

MOST_ROWS_PER_STRATUM = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """A randomisation of a trial in one version of its design; None: the newest approved."""

    trial: str
    randomisation: str
    design_version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareList:
    """`rows_per_stratum` None: a fifth more than the part's target. Of no meaning for minimisation."""

    design: Design
    seed: str
    rows_per_stratum: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadList:
    design: Design
    table: str


async def prepare_list(tx: Tx, command: PrepareList, act: Act) -> PreparedList:
    """A seed is recorded; rows of a stratum are generated when the first of it is needed, always the same.

    Raises:
        Refused: `randomisation_unknown`, `randomisation_list_invalid`, `randomisation_list_exists`.
    """
    allowed, terms, target = await _designed(tx, command.design, act)
    try:
        check_seed(command.seed)
    except InvalidDesign as error:
        raise Refused("randomisation_list_invalid", error.message, field=error.field) from None
    blocks = isinstance(terms.method, PermutedBlocks)
    prepared = _prepared(
        allowed,
        terms,
        source="generated" if blocks else "minimised",
        generator=GENERATOR if blocks else DRAWS,
        seed=command.seed,
        rows=_rows(command.rows_per_stratum, target) if blocks else 0,
    )
    await _keep(tx, allowed, prepared)
    return prepared


async def upload_list(tx: Tx, command: UploadList, act: Act) -> PreparedList:
    """A table is kept as it is.

    Raises:
        Refused: `randomisation_unknown`, `randomisation_list_invalid` with every problem, `randomisation_list_exists`.
    """
    allowed, terms, target = await _designed(tx, command.design, act)
    uploaded = _checked(terms, command.table, target)
    if uploaded.problems:
        problems = [{"line": one.line, "code": one.code, "message": one.message} for one in uploaded.problems]
        raise Refused("randomisation_list_invalid", "The table cannot be used as it is.", problems=problems)
    prepared = _prepared(allowed, terms, source="uploaded", generator="", seed="", rows=0)
    await _keep(tx, allowed, prepared)
    await insert_uploaded(tx, prepared.id, uploaded.rows)
    return prepared


async def check_upload(tx: Tx, command: UploadList, act: Act) -> UploadedList:
    """What an upload of this table would say; nothing is kept.

    Raises:
        Refused: `randomisation_unknown`.
    """
    _, terms, target = await _designed(tx, command.design, act)
    return _checked(terms, command.table, target)


def _checked(terms: RandomisationTerms, table: str, target: int | None) -> UploadedList:
    if not isinstance(terms.method, PermutedBlocks):
        raise Refused("randomisation_list_invalid", "Minimisation draws from a seed and takes no table.")
    return read_uploaded(table, terms, target)


async def _designed(tx: Tx, design: Design, act: Act) -> tuple[Allowed, RandomisationTerms, int | None]:
    """Whoever may, the design, and how many participants the part needs."""
    allowed = await allow_unblinded(tx, act, design.trial)
    known = await randomisations_of(tx, allowed.trial.id)
    versions = {rules.terms.version: rules.terms for rules in await versions_of(tx, allowed.trial.id)}
    for version, listed in reversed(known.items()):
        for terms in listed:
            if terms.code == design.randomisation and design.design_version in (None, terms.version):
                part = versions[version].parts.get(terms.part)
                return allowed, terms, part.target if part else None
    raise Refused("randomisation_unknown", "No approved protocol version has such a randomisation.")


def _rows(wanted: int | None, target: int | None) -> int:
    least = rows_needed(target) if target is not None else 1
    rows = wanted if wanted is not None else least if target is not None else None
    if rows is None or not least <= rows <= MOST_ROWS_PER_STRATUM:
        raise Refused(
            "randomisation_list_invalid",
            f"A stratum has {least} to {MOST_ROWS_PER_STRATUM} rows.",
            field="rows_per_stratum",
        )
    return rows


def _prepared(
    allowed: Allowed, terms: RandomisationTerms, *, source: str, generator: str, seed: str, rows: int
) -> PreparedList:
    act = allowed.act
    return PreparedList(
        id=act.new_id(),
        trial_id=allowed.trial.id,
        randomisation=terms.code,
        design_version=terms.version,
        source=source,
        generator=generator,
        seed=seed,
        rows_per_stratum=rows,
        design=document_of(terms),
        counts_follow_corrections=terms.counts_follow_corrections,
        prepared_by=act.actor,
        prepared_at=act.now,
    )


async def _keep(tx: Tx, allowed: Allowed, prepared: PreparedList) -> None:
    """One list for one design: under the trial's gate, so that nobody draws from another meanwhile."""
    await lock_trial(tx, prepared.trial_id)
    for other in await lists_of(tx, prepared.trial_id, prepared.randomisation):
        if other.design_version == prepared.design_version:
            raise Refused(
                "randomisation_list_exists", "This design has its list; a used list is never replaced."
            )
    await insert_list(tx, prepared)
    details = {"randomisation": prepared.randomisation, "design_version": prepared.design_version}
    aggregate = f"{UNBLINDED_AGGREGATES}{prepared.id}"
    await record_audit(tx, allowed.act, aggregate, f"randomisation-list.{prepared.source}", details)
