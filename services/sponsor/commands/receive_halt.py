"""A site says that it has been told of a halt. The halt does not wait for it."""

from dataclasses import dataclass
from functools import partial

from services.sponsor.commands.permission import SITE_ROLES, permitted, permitted_trial
from services.sponsor.domain.halt import Halt
from services.sponsor.domain.site import site_numbered
from services.sponsor.store.halt_receipts import add_halt_receipt
from services.sponsor.store.halts import load_halt
from services.sponsor.store.sites import sites_of
from shared.act import Act
from shared.audit import record
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveHalt:
    halt_id: str
    site_number: str


async def receive_halt(tx: Tx, command: ReceiveHalt, act: Act) -> Halt:
    """Keep the site's first receipt; a further one changes nothing.

    Raises:
        Refused: `site_unknown`.
    """
    load = partial(load_halt, tx, command.halt_id)
    halt, _, _ = await permitted(tx, act, load, SITE_ROLES, anywhere=True)
    trial, act = await permitted_trial(tx, act, halt.trial_id, SITE_ROLES, unit=command.site_number)
    site = site_numbered(await sites_of(tx, trial.id), command.site_number)
    if await add_halt_receipt(tx, act, trial.id, halt.id, site.number):
        await record(tx, act, halt.id, "halt.received", {"site_number": site.number})
    return halt
