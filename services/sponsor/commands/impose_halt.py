"""A halt: by one person, at once."""

from dataclasses import dataclass

from services.sponsor.commands.announcements import halt_imposed
from services.sponsor.commands.permission import HALTERS, permitted_trial
from services.sponsor.domain.halt import Halt, HaltScope, decide_halt
from services.sponsor.domain.ids import HaltId, PersonId
from services.sponsor.domain.site import numbers_by_id, site_numbered
from services.sponsor.store.halts import save_halt
from services.sponsor.store.protocol_versions import versions_of
from services.sponsor.store.sites import sites_of
from shared.act import Act
from shared.auth import ANY
from shared.database import Tx
from shared.outbox import put


@dataclass(frozen=True, slots=True, kw_only=True)
class ImposeHalt:
    """What is stopped; `part`, `level` and `site_number` None means all of them."""

    trial_id: str
    part: str | None
    level: int | None
    site_number: str | None
    recruitment: bool
    dosing: bool
    reason_code: str


async def impose_halt(tx: Tx, command: ImposeHalt, act: Act) -> Halt:
    """Halt at once; an investigator alone for their own site.

    Raises:
        Refused: `halt_scope_invalid`, `part_unknown`, `level_unknown`, `site_unknown`.
    """
    of_one_site = command.site_number is not None
    roles = (*HALTERS, "site_investigator") if of_one_site else HALTERS
    trial, act = await permitted_trial(tx, act, command.trial_id, roles, unit=command.site_number or ANY)
    sites = await sites_of(tx, trial.id)
    scope = HaltScope(
        part=command.part,
        level=command.level,
        site_id=None if command.site_number is None else site_numbered(sites, command.site_number).id,
        recruitment=command.recruitment,
        dosing=command.dosing,
    )
    if command.part is not None:
        await _require_place(tx, trial.id, command.part, command.level)
    halt = decide_halt(
        HaltId(act.new_id()), trial.id, scope, command.reason_code, PersonId(act.actor), act.now
    )
    await save_halt(tx, halt)
    await put(tx, act, halt_imposed(halt, numbers_by_id(sites)))
    return halt


async def _require_place(tx: Tx, trial_id: str, part: str, level: int | None) -> None:
    """Refuse a place that no version of the protocol knows: a halt of nothing protects nobody."""
    versions = await versions_of(tx, trial_id)
    having = [version.terms for version in versions if part in version.terms.parts]
    terms = (having or [versions[-1].terms])[-1].part(part)
    if level is not None:
        terms.require_level(level)
