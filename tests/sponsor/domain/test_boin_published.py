"""BOIN against what its authors and other projects print.

Sources: Liu S, Yuan Y. J R Stat Soc C 2015;64(3):507-523; output of the R package BOIN; Han JYK 2019, p. 25, the path
that brockk/escalation replays in `test_boin.R`.
"""

import pytest

from services.sponsor.domain.escalation.exact_course import exact_figures
from services.sponsor.domain.escalation.interval_design import IntervalDesign
from services.sponsor.domain.escalation.interval_rules import BoinRule
from services.sponsor.domain.escalation.recommend import conclude, recommend
from tests.sponsor.domain.designs import boin, counted, extra_safe, said, says, seen

N = range(1, 19)
Row = tuple[int | None, ...]

TABLES: dict[str, dict[str, str]] = {
    "0.25": {
        "escalate": "0 0 0 0 0 1 1 1 1 1 2 2 2 2 2 3 3 3",
        "deescalate": "1 1 1 2 2 2 3 3 3 3 4 4 4 5 5 5 6 6",
        "eliminate": "- - 3 3 3 4 4 4 5 5 6 6 6 7 7 7 8 8",
        "stop": "- - 2 3 3 3 4 4 4 5 5 5 6 6 6 7 7 7",
    },
    "0.30": {
        "escalate": "0 0 0 0 1 1 1 1 2 2 2 2 3 3 3 3 4 4",
        "deescalate": "1 1 2 2 2 3 3 3 4 4 4 5 5 6 6 6 7 7",
        "eliminate": "- - 3 3 4 4 5 5 5 6 6 7 7 8 8 8 9 9",
        "stop": "- - 2 3 3 4 4 4 5 5 6 6 6 7 7 8 8 8",
    },
}
HAN_PATH = "1NNN 2NNN 3TTN 2TNN 3NNN 3NNN 4TTT 3TNN 3TNN"
TRUTH = (0.05, 0.15, 0.30, 0.45, 0.60)


def printed(line: str) -> list[int | None]:
    return [None if cell == "-" else int(cell) for cell in line.split()]


@pytest.mark.parametrize(("target", "e", "d"), [("0.25", 0.196801, 0.298392), ("0.30", 0.236491, 0.358519)])
def test_boundaries(target: str, e: float, d: float) -> None:
    rule = boin(target).rule
    assert isinstance(rule, BoinRule)

    assert (round(float(rule.lambda_e), 6), round(float(rule.lambda_d), 6)) == (e, d)


@pytest.mark.parametrize("target", TABLES)
@pytest.mark.parametrize("row", ["escalate", "deescalate", "eliminate", "stop"])
def test_every_cell_of_the_printed_table(target: str, row: str) -> None:
    design = extra_safe(target)

    found = [getattr(design.limits(n), row) for n in N]

    assert found == printed(TABLES[target][row])


def test_the_path_of_the_published_example() -> None:
    steps = HAN_PATH.split()
    levels = [says(boin("0.30"), " ".join(steps[: k + 1]))[1] for k in range(len(steps))]

    assert levels == [2, 3, 2, 3, 3, 4, 3, 3, 3]


def test_three_of_three_at_level_four_close_it_for_good() -> None:
    design = boin("0.30")

    after = recommend(design, seen("1NNN 2NNN 3TTN 2TNN 3NNN 3NNN 4TTT"))
    later = recommend(design, seen("1NNN 2NNN 3TTN 2TNN 3NNN 3NNN 4TTT 3NNN 3NNN"))

    assert said(after) == ("eliminate", 3, [], [4, 5])
    assert said(later) == ("stay", 3, ["eliminated"], [4, 5])


def test_the_dose_found_and_its_isotonic_rates() -> None:
    data = counted((3, 3, 15, 9, 0), (0, 0, 4, 4, 0))

    found = conclude(boin("0.30"), data)

    assert said(found) == ("complete", 3, [], [])
    assert found.model is not None
    rates = found.model["isotonic"]
    assert [round(rate, 7) for rate in rates[:4]] == [0.0161290, 0.0161290, 0.2682119, 0.4450549]
    assert rates[4] is None


def test_exact_operating_characteristics() -> None:
    """Ten cohorts of three; obtained by two independent programmes, and near R's `get.oc`, seed 6, 10,000 trials."""
    found = exact_figures(boin("0.30").cohort_rule(), TRUTH, [3] * 10)

    percent = [round(100 * p, 4) for p in found.p_select]
    assert percent == [0.0211, 1.1693, 23.2062, 54.6330, 19.3704, 1.6000]
    assert [round(n, 4) for n in found.mean_n] == [4.1751, 9.0969, 11.1588, 4.7509, 0.8128]
    assert (round(found.mean_n_total, 4), round(found.mean_dlt, 4)) == (29.9946, 7.5466)
    get_oc = [0.0, 1.08, 23.52, 54.96, 19.03, 1.39]
    assert all(abs(ours - theirs) < 1 for ours, theirs in zip(percent, get_oc, strict=True))


@pytest.mark.parametrize("target", ["0.15", "0.20", "0.25", "0.30", "0.33", "0.35", "0.40"])
def test_no_boundary_comes_near_a_whole_number(target: str) -> None:
    """R adds 1 to a de-escalation count that lies within 1e-12 of a whole number; that never arises."""
    rule = boin(target).rule
    assert isinstance(rule, BoinRule)

    distances = [
        abs(float(boundary) * n - round(float(boundary) * n))
        for boundary in (rule.lambda_e, rule.lambda_d)
        for n in range(1, 61)
    ]

    assert min(distances) > 5e-4


def test_the_tightest_cell_of_elimination_is_not_rounded_over_the_cutoff() -> None:
    """At 0.30 seven of 14 have a tail of 0.9499875: not enough, though near."""
    design: IntervalDesign = boin("0.30")

    assert design.limits(14).eliminate == 8


def test_enough_at_a_level_that_would_be_kept_end_the_trial() -> None:
    """R's `n.earlystop`: at that number a stay ends the trial and the dose is selected, a move does not."""
    design = boin("0.30", n_earlystop=6)

    stays = recommend(design, seen("1NNN 2NNT 2NNT"))
    moves = recommend(design, seen("1NNN 2NNT 2NNN"))
    too_few = recommend(design, seen("1NNN 2NNT"))
    top = recommend(boin("0.30", levels=2, n_earlystop=6), seen("1NNN 2NNT 2NNN", 2))

    assert said(stays) == ("complete", 2, [], [])
    assert stays.model is not None
    assert (said(moves)[:2], said(too_few)[:2]) == (("escalate", 3), ("stay", 2))
    assert said(top) == ("complete", 2, ["last_level"], [])


def test_a_bounded_dose_has_a_rate_up_to_the_boundary() -> None:
    data = counted((3, 3, 9), (0, 0, 4))

    free = conclude(boin("0.30", levels=3), data)
    bounded = conclude(boin("0.30", levels=3, bound_mtd=True), data)

    assert (free.level, bounded.level) == (3, 2)
