"""Beginning to record something for a screening: who may, for whom, and under which protocol version."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.enrolment.commands.permission import allow_at_site, unknown
from services.enrolment.domain.identity import check_not_stopped
from services.enrolment.domain.protocol_terms import NoTerms, ProtocolTerms, rules_in_use
from services.enrolment.domain.screening import Screening, check_running
from services.enrolment.store.form_terms import lock_binding
from services.enrolment.store.trials import holds_duty
from shared.act import Act
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class FormTerms:
    """The act in the role that allows it, the screening, and the terms that bind what is recorded for it.

    `binding` is the version in use at the site, `approved` every version of the trial, oldest first;
    `delegated` says whether the acting person holds one of the duties there.
    """

    act: Act
    screening: Screening
    binding: ProtocolTerms | NoTerms
    approved: Sequence[ProtocolTerms]
    delegated: bool


async def form_terms(tx: Tx, act: Act, roles: Sequence[str], screening_id: str) -> FormTerms:
    """The terms for whoever holds one of these roles at the screening's site; the screening is locked.

    Raises:
        Refused: `screening_ended`, `possible_duplicate`.
    """
    found = await lock_binding(tx, screening_id, act.actor, act.now)
    if found is None:
        raise unknown(act, roles)
    allowed, screening = allow_at_site(act, roles, found.named)
    check_running(screening)
    check_not_stopped(screening)
    rules = rules_in_use(found.versions, found.green_lit, act.now)
    return FormTerms(
        act=allowed.act,
        screening=screening,
        binding=rules if isinstance(rules, NoTerms) else rules.terms,
        approved=[version.terms for version in found.versions],
        delegated=holds_duty(found.delegations, screening.site_id, roles),
    )
