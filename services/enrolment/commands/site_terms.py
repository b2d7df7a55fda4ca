"""The protocol version that binds a site today, and every approved one, as recording needs them."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.enrolment.domain.protocol_terms import NoTerms, ProtocolTerms, rules_in_use
from services.enrolment.domain.screening import Screening
from services.enrolment.store.trials import holds_duty, site_standing
from shared.act import Act
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteTerms:
    """`binding` is the version in use at the site, `approved` every version of the trial, oldest first.

    `delegated` says whether whoever records holds one of the duties there.
    """

    binding: ProtocolTerms | NoTerms
    approved: Sequence[ProtocolTerms]
    delegated: bool


async def site_terms(tx: Tx, act: Act, screening: Screening, duties: Sequence[str]) -> SiteTerms:
    standing = await site_standing(tx, screening.trial_id, screening.site_id, act.actor, act.now)
    rules = rules_in_use(standing.versions, standing.green_lit, act.now)
    return SiteTerms(
        binding=rules if isinstance(rules, NoTerms) else rules.terms,
        approved=[version.terms for version in standing.versions],
        delegated=holds_duty(standing.delegations, screening.site_id, duties),
    )
