"""What a trial's protocol says of reporting: its regimes, products, exemptions, and whose trial it is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from services.safety.domain.classification import ExemptSusar
from services.safety.domain.reporting_regime import NewJudgement
from services.safety.domain.seriousness import NotSeriousRule

HOSTED = "hosted"
HOME_REGIME = "uk-2026"
NO_PRODUCT = ""
SITE_HOURS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportingTerms:
    """Terms of one protocol version.

    Attributes:
        regimes: laws under which the trial reports; `hosted` alone where another organisation answers for it.
        sponsor: who answers for the trial.
        products: suspect products, at least one; empty text stands for the procedures of a trial without any.
        site_limit: elapsed time a site has to tell the sponsor, the protocol's own value.
    """

    regimes: tuple[str, ...] = (HOME_REGIME,)
    sponsor: str = ""
    products: tuple[str, ...] = (NO_PRODUCT,)
    exempt_susars: tuple[ExemptSusar, ...] = ()
    not_serious: tuple[NotSeriousRule, ...] = ()
    unlikely_is_suspected: bool = False
    on_new_judgement: NewJudgement | None = None
    site_limit: timedelta = timedelta(hours=SITE_HOURS)

    @property
    def is_hosted(self) -> bool:
        return self.regimes == (HOSTED,)


UNKNOWN_TERMS = ReportingTerms()
"""Of a trial that is not known here: the law of the network's home."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsOverTime:
    """The terms of a trial's protocol versions, each from an instant on."""

    dated: tuple[tuple[datetime, ReportingTerms], ...] = ()

    def at(self, instant: datetime) -> ReportingTerms:
        """What was in force; before the first version, its terms."""
        begun = [one for one in self.dated if one[0] <= instant]
        if begun:
            return max(begun, key=lambda one: one[0])[1]
        return min(self.dated, key=lambda one: one[0])[1] if self.dated else UNKNOWN_TERMS

    @property
    def newest(self) -> ReportingTerms:
        return max(self.dated, key=lambda one: one[0])[1] if self.dated else UNKNOWN_TERMS


NO_TERMS = TermsOverTime()


@lru_cache(maxsize=256)
def terms_of(text: str) -> ReportingTerms:
    """The terms in a protocol's copy; of a copy without any, `UNKNOWN_TERMS`."""
    return terms_from(json.loads(text)) if text else UNKNOWN_TERMS


def terms_from(document: Mapping[str, Any]) -> ReportingTerms:
    """Terms out of what the copy of a protocol keeps; the sponsor has checked them."""
    rules = document["rules"]
    own = rules.get("products") or [document["product"] or NO_PRODUCT]
    regimes = (HOSTED,) if document["hosted"] else tuple(dict.fromkeys(document["regimes"])) or (HOME_REGIME,)
    mode = rules.get("day_zero_on_new_judgement")
    return ReportingTerms(
        regimes=regimes,
        sponsor=document["legal_sponsor"],
        products=tuple(own),
        exempt_susars=tuple(ExemptSusar(**one) for one in rules.get("exempt_susars", ())),
        not_serious=tuple(NotSeriousRule(**one) for one in rules.get("not_serious", ())),
        unlikely_is_suspected=rules.get("unlikely_is_suspected", False),
        on_new_judgement=NewJudgement(mode) if mode else None,
        site_limit=timedelta(hours=rules.get("site_report_hours", SITE_HOURS)),
    )
