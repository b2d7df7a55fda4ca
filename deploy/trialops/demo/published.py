"""What was published about the replayed trial, and what had to be assumed because it was not.

Source: Van Mater D et al., "A phase I trial of the CDK 4/6 inhibitor palbociclib in pediatric patients with
progressive brain tumors: a Pediatric Brain Tumor Consortium study (PBTC-042)", Pediatr Blood Cancer 2021;68(4):
e28879; preprint authorea 485356.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

CITATION = (
    "Van Mater D et al. A phase I trial of the CDK 4/6 inhibitor palbociclib in pediatric patients with progressive "
    "brain tumors: a Pediatric Brain Tumor Consortium study (PBTC-042). Pediatr Blood Cancer 2021, e28879 "
    "(preprint: authorea 485356)"
)


class Fate(StrEnum):
    """What became of a participant in the first course."""

    CLEAR = "completed the window without a DLT"
    DLT = "had a dose-limiting toxicity"
    PROGRESSED = "progressed before enough doses"
    WITHDREW = "withdrew after starting"
    NEVER_TREATED = "withdrew before the first dose"


@dataclass(frozen=True, slots=True)
class PublishedLevel:
    """Counts at one dose as the paper gives them."""

    dose: str
    enrolled: int
    evaluable: int
    dlt: int


@dataclass(frozen=True, slots=True)
class PublishedStratum:
    name: str
    levels: Sequence[PublishedLevel]
    mtd: str


STRATA = (
    PublishedStratum(
        "I",
        (PublishedLevel("50", 3, 3, 0), PublishedLevel("75", 12, 12, 2), PublishedLevel("95", 6, 4, 2)),
        "75",
    ),
    PublishedStratum("II", (PublishedLevel("50", 4, 4, 0), PublishedLevel("75", 10, 7, 1)), "75"),
)


@dataclass(frozen=True, slots=True)
class Toxicity:
    """A dose-limiting toxicity as a site would report it."""

    term: str
    grade: int


NEUTROPENIA = Toxicity("Neutrophil count decreased", 4)
THROMBOCYTOPENIA = Toxicity("Platelet count decreased", 3)
DEHYDRATION = Toxicity("Dehydration", 3)


@dataclass(frozen=True, slots=True)
class Cohort:
    """Children who come while one decision is in force: where, and what becomes of them.

    `fates` are in the order of arrival; where `shuffled`, the seed decides who has which.
    """

    part: str
    level: int
    fates: Sequence[Fate]
    toxicities: Sequence[Toxicity] = ()
    shuffled: bool = True
    days_between: tuple[int, int] = (4, 9)


C, D, P, W, N = Fate.CLEAR, Fate.DLT, Fate.PROGRESSED, Fate.WITHDREW, Fate.NEVER_TREATED

COHORTS = (
    Cohort("stratum-1", 1, (C, C, C)),
    Cohort("stratum-1", 2, (C, C, C)),
    # All six must be in before the second DLT closes the level: they come quickly, toxicity comes late.
    Cohort("stratum-1", 3, (C, D, P, W, C, D), (NEUTROPENIA, NEUTROPENIA), days_between=(2, 3)),
    Cohort("stratum-1", 2, (C, C, D), (THROMBOCYTOPENIA,)),
    Cohort("stratum-1-expansion", 1, (C, C, C, C, C, D), (DEHYDRATION,)),
    # The fourth comes while the first three are still being watched, as the rolling six allows.
    Cohort("stratum-2", 1, (C, C, C, C), days_between=(4, 7)),
    Cohort("stratum-2", 2, (C, N, C, P, C, C, C, C), shuffled=False),
    Cohort("stratum-2-expansion", 1, (D, P), (NEUTROPENIA,), shuffled=False),
)

ASSUMPTIONS = (
    "Dates, hospitals, ages and the gaps between children come from the seed; the paper gives none.",
    "CTCAE 5.0: the version was not seen. DLT definition: grade 4 neutrophil count decreased, grade 3 or higher "
    "platelet count decreased, grade 3 or higher non-haematological toxicity, at least possibly related.",
    "Which DLT fell at 75 mg/m2 was not seen: thrombocytopenia among the three that filled the level to six, "
    "dehydration in the expansion of stratum I, neutropenia in the expansion of stratum II.",
    "One of the two DLTs at 75 mg/m2 in stratum I fell among the first six participants, the other later.",
    "At 95 mg/m2 all six were enrolled before the second DLT was reported.",
    "In stratum II at 75 mg/m2 one of the two who progressed and the one who withdrew before treatment came among "
    "the first eight, the other in the expansion.",
    "Window 28 days from the first dose; evaluable needs 17 of 21 doses (80 per cent), unless there was a DLT.",
    "Monitoring boundary of the expansions (not published): Beta(1,1), close when Pr(DLT rate > 0.25) > 0.95 from "
    "3 evaluable participants at the dose on, those of the escalation counted with them.",
    "Consent from 18 years, assent from 7 years.",
)

DISAGREEMENTS = (
    {
        "where": "stratum I, 75 mg/m2, after 95 mg/m2 was exceeded",
        "published": "9 more participants at 75 mg/m2, 12 in all",
        "rules": "3 more under the rolling six, then 6 in a separately signed expansion part",
        "reason": "the rolling six ends at six participants on a level; more need a decision with its own boundary",
    },
    {
        "where": "stratum II, 75 mg/m2",
        "published": "the cohort was expanded towards 12 after six without a DLT",
        "rules": "six participants complete the design with 75 mg/m2 as MTD; the expansion is a part of its own",
        "reason": "75 mg/m2 is this stratum's highest level, so the table's 'escalate' at 6 of 6 completes it",
    },
)
"""Where the replayed rules lead to the published counts by another road than the paper describes."""
