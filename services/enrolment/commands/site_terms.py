"""The protocol version that binds a site today, as recording needs it."""

from datetime import datetime

from services.enrolment.domain.protocol_terms import NoTerms, VersionRules, rules_in_use
from services.enrolment.store.trials import green_lit_versions, versions_of
from shared.database import Tx


async def site_rules(tx: Tx, trial_id: str, site_number: str, now: datetime) -> VersionRules | NoTerms:
    versions = await versions_of(tx, trial_id)
    green_lit = await green_lit_versions(tx, trial_id, site_number)
    return rules_in_use(versions, green_lit, now)
