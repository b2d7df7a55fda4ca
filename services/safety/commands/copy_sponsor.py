"""Keeping copies of what sponsor says: protocol versions, sites and delegations."""

from collections.abc import Sequence
from typing import Any

from services.safety.events import consumed
from services.safety.store.copying import (
    copy_delegation,
    copy_protocol,
    copy_reporting,
    copy_site,
    end_delegation,
)
from services.safety.store.stopping_rules import copy_rules, rules_text
from shared.consumer import Received
from shared.database import Tx
from shared.tables import canonical_json


async def copy_protocols(tx: Tx, events: Sequence[Received[consumed.ProtocolVersionApproved]]) -> None:
    for body in (event.body for event in events):
        dlt, treatment = body.protocol.dlt, body.protocol.treatment
        await copy_protocol(
            tx,
            {
                "trial_id": body.trial_id,
                "protocol_version": body.protocol_version,
                "trial_code": body.trial_code,
                "protocol_sha256": body.protocol_sha256,
                "zone": body.protocol.zone,
                "ctcae": body.protocol.ctcae,
                "dlt": canonical_json(dlt) if dlt else "",
                "doses_planned": treatment.doses_planned_in_window if treatment else 0,
                "effective_at": body.effective_at,
            },
        )
        await copy_reporting(
            tx,
            {
                "trial_id": body.trial_id,
                "protocol_version": body.protocol_version,
                "terms": canonical_json(_reporting(body.protocol)),
                "effective_at": body.effective_at,
            },
        )
        await copy_rules(
            tx,
            {
                "trial_id": body.trial_id,
                "protocol_version": body.protocol_version,
                "rules": rules_text(body.protocol.stopping_rules, dlt),
                "effective_at": body.effective_at,
            },
        )


def _reporting(protocol: consumed.Protocol) -> dict[str, Any]:
    """What bears on the reporting of adverse events (`reporting_terms.terms_from`)."""
    return {
        "regimes": protocol.reporting_regimes,
        "hosted": protocol.trial.hosted,
        "legal_sponsor": protocol.trial.legal_sponsor,
        "product": protocol.treatment.product if protocol.treatment else "",
        "rules": protocol.safety or {},
    }


async def copy_sites(tx: Tx, events: Sequence[Received[consumed.SiteGreenLit]]) -> None:
    for event in events:
        await copy_site(tx, event.body.model_dump())


async def copy_delegations(tx: Tx, events: Sequence[Received[consumed.DelegationGranted]]) -> None:
    for body in (event.body for event in events):
        values = body.model_dump() | {"site_number": body.site_number or "", "ended_at": None}
        await copy_delegation(tx, values)


async def end_delegations(tx: Tx, events: Sequence[Received[consumed.DelegationEnded]]) -> None:
    for event in events:
        await end_delegation(tx, event.body.delegation_id, event.body.ended_at)
