"""The protocol version that binds a site today, and every approved one, as recording needs them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.enrolment.domain.protocol_terms import NoTerms, ProtocolTerms, VersionRules, rules_in_use
from services.enrolment.store.trials import green_lit_versions, versions_of
from shared.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteTerms:
    """`binding` is the version in use at the site, `approved` every version of the trial, oldest first."""

    binding: ProtocolTerms | NoTerms
    approved: Sequence[ProtocolTerms]


async def site_terms(tx: Tx, trial_id: str, site_number: str, now: datetime) -> SiteTerms:
    versions: Sequence[VersionRules] = await versions_of(tx, trial_id)
    rules = rules_in_use(versions, await green_lit_versions(tx, trial_id, site_number), now)
    return SiteTerms(
        binding=rules if isinstance(rules, NoTerms) else rules.terms,
        approved=[version.terms for version in versions],
    )
