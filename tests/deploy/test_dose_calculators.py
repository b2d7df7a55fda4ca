"""`trialops dose table` and `recommend`: the examples of their page; what is refused is refused by name."""

from pathlib import Path
from typing import Any

import pytest

from deploy.trialops.calculators.dose_design import READINGS
from tests.deploy.conftest import Tool
from tests.deploy.dosing import BOIN, ROLLING, THREE, Json, asked, problem, recommended

# table


def test_the_table_of_the_page(ask_dose: Tool) -> None:
    found = ask_dose("table", "--design", "boin", "--target", "0.3", "--max-n", "6", "--json").document

    assert found["design"] == "boin"
    assert found["n"] == [1, 2, 3, 4, 5, 6]
    assert found["escalate_if_at_most"] == [0, 0, 0, 0, 1, 1]
    assert found["deescalate_if_at_least"] == [1, 1, 2, 2, 2, 3]
    assert found["eliminate_if_at_least"] == [None, None, 3, 3, 4, 4]
    assert (round(found["lambda_e"], 6), round(found["lambda_d"], 6)) == (0.236491, 0.358519)
    assert "stop_if_at_least" not in found


def test_an_extra_safe_table_says_when_the_lowest_level_stops_the_trial() -> None:
    found = asked("table", design=BOIN | {"extrasafe": True}, max_n=6)

    assert found["stop_if_at_least"] == [None, None, 2, 3, 3, 4]


def test_the_table_of_three_plus_three_has_two_rows() -> None:
    found = asked("table", design="three_plus_three")

    assert len(found["n"]) == 18
    assert (found["escalate_if_at_most"][2], found["escalate_if_at_most"][5]) == (0, 1)
    assert (found["deescalate_if_at_least"][2], found["deescalate_if_at_least"][5]) == (2, 2)
    assert sum(cell is not None for cell in found["escalate_if_at_most"]) == 2
    assert set(found["eliminate_if_at_least"]) == {None}


def test_the_tables_of_the_rolling_sixes_are_cells() -> None:
    rolling, queue = asked("table", design="rolling_six"), asked("table", design="iq_rolling_six")

    assert len(rolling["cells"]) == 83
    assert {"n": 6, "dlt": 0, "pending": 1, "decision": "escalate"} in rolling["cells"]
    assert len(queue["cells"]) == 153
    assert [cell for cell in queue["cells"] if not cell["published"]] == [
        {"total": total, "evaluable": evaluable, "dlt": 1, "decision": "hold", "published": False}
        for total, evaluable in ((7, 2), (7, 3), (8, 3), (8, 4), (8, 5))
    ]


def test_a_protocols_own_cells_stand_in_place_of_the_shipped_ones() -> None:
    """The cells in which the R package RollingSix differs from the published table."""
    own = [
        {"n": 4, "dlt": 0, "pending": 1, "decision": "escalate"},
        {"n": 5, "dlt": 0, "pending": 1, "decision": "escalate"},
        {"n": 5, "dlt": 0, "pending": 2, "decision": "escalate"},
        {"n": 6, "dlt": 0, "pending": 1, "decision": "suspend"},
    ]

    found = asked("table", design=ROLLING | {"cells": own})["cells"]

    assert [cell for cell in found if cell not in asked("table", design="rolling_six")["cells"]] == own
    assert recommended(ROLLING, "1NNNP") == ("stay", 1)
    assert recommended(ROLLING | {"cells": own}, "1NNNP") == ("escalate", 2)


def test_a_printed_table_reads_back_as_own_cells() -> None:
    for name in ("rolling_six", "iq_rolling_six"):
        cells = asked("table", design=name)["cells"]

        assert asked("table", design={"design": name, "cells": cells})["cells"] == cells


@pytest.mark.parametrize("name", [name for name in READINGS if name not in ("crm", "tite_crm", "blrm")])
def test_every_table_is_shown_to_people(ask_dose: Tool, name: str) -> None:
    with_target = (
        () if name in ("three_plus_three", "rolling_six", "iq_rolling_six") else ("--target", "0.25")
    )

    said = ask_dose("table", "--design", name, *with_target)

    assert (said.code, said.err) == (0, "")
    assert name in said.out


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        ({"design": "boin"}, ("target", "missing")),
        ({"design": "boin", "target": 0.3, "max_n": 0}, ("max_n", "out_of_range")),
        ({"design": "boin", "target": 0.7}, ("target", "out_of_range")),
        ({"design": "boin", "target": "NaN"}, ("target", "not_a_number")),
        ({"design": BOIN, "target": 0.25}, ("target", "targets_differ")),
        ({"design": "three_plus_three", "target": 0.3}, ("target", "unknown_key")),
        ({"design": "tite_boin"}, ("design", "out_of_scope")),
        ({"design": {"design": "tite_boin", "target": 0.3}}, ("design", "out_of_scope")),
        ({"design": {"design": "boinn"}}, ("design", "not_an_option")),
        ({"design": BOIN | {"elimination": 0.9}}, ("elimination", "unknown_key")),
        ({"design": BOIN | {"p1": 0.29}}, ("p1", "out_of_range")),
        ({"design": BOIN | {"extrasafe": "yes"}}, ("extrasafe", "not_true_or_false")),
        ({"design": "keyboard", "target": 0.04}, ("eps1", "out_of_range")),
        (
            {"design": {"design": "crm", "skeleton": [0.1, 0.2], "target": 0.2, "estimator": "mle"}},
            ("design", "no_table"),
        ),
        ({"design": ROLLING | {"cells": [{"n": 7, "dlt": 0, "pending": 0, "decision": "same"}]}},
         ("cells", "design_table_invalid")),
        ({"design": ROLLING | {"cells": [{"n": 3, "dlt": 0, "pending": 0, "decision": "hold"}]}},
         ("cells.0.decision", "not_an_option")),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_is_refused(arguments: Json, refusal: tuple[str, str]) -> None:
    assert problem("table", **arguments) == refusal


# recommend


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ("1NNN 2NNT 2NNN", ("escalate", 3)),
        ("1NNN 2NNT 2NNT", ("complete", 1)),
        ("1NTT", ("stop_no_mtd", None)),
    ],
)
def test_the_outcome_strings_of_the_page(
    ask_dose: Tool, outcomes: str, expected: tuple[str, int | None]
) -> None:
    found = ask_dose("recommend", "--json", design=THREE, data={"outcomes": outcomes}).document

    assert (found["kind"], found["level"]) == expected
    assert found.keys() == {"kind", "level", "reasons", "closed_levels", "cell", "model"}


def test_the_dose_found_of_the_page(ask_dose: Tool) -> None:
    counts = {"n": [3, 3, 15, 9, 0], "dlt": [0, 0, 4, 4, 0]}

    found = ask_dose("recommend", "--final", "--json", design=BOIN, data={"counts": counts}).document

    assert (found["kind"], found["level"]) == ("complete", 3)
    rates = found["model"]["isotonic"]
    assert [round(rate, 7) for rate in rates[:4]] == [0.0161290, 0.0161290, 0.2682119, 0.4450549]
    assert rates[4] is None


def test_before_anybody_the_start_level_is_recommended() -> None:
    found = asked("recommend", design=BOIN | {"start_level": 2}, data={"outcomes": ""})
    closed = asked("recommend", design=BOIN | {"start_level": 2}, data={"outcomes": "", "closed_levels": [2]})

    assert (found["kind"], found["level"], found["reasons"], found["cell"]) == ("stay", 2, ["start"], None)
    assert (closed["kind"], closed["level"], closed["reasons"]) == ("deescalate", 1, ["start", "eliminated"])


def test_what_was_looked_up_is_named() -> None:
    table = asked("recommend", design=BOIN, data={"outcomes": "1NNN 2NNT"})["cell"]
    cell = asked("recommend", design=ROLLING, data={"outcomes": "1NNNP"})["cell"]

    assert (table["level"], table["n"], table["dlt"], table["pending"]) == (2, 3, 1, 0)
    assert table["decision"] == "stay"
    assert (cell["n"], cell["dlt"], cell["pending"], cell["decision"]) == (4, 0, 1, "same")


def test_a_closed_level_stays_closed_whatever_the_data_now_say() -> None:
    found = asked("recommend", design=BOIN, data={"outcomes": "1NNN 2NNN", "closed_levels": [3]})

    assert (found["kind"], found["level"], found["reasons"]) == ("stay", 2, ["eliminated"])
    assert found["closed_levels"] == [3, 4, 5]


@pytest.mark.parametrize(
    ("policy", "outcomes", "expected"),
    [
        ("wait", "1NN", ("wait", None, ["partial_cohort"])),
        ("wait", "1NNP", ("wait", None, ["partial_cohort"])),
        ("keep_level", "1NNP", ("stay", 1, ["partial_cohort"])),
        ("keep_level", "1NNN 2TT", ("stay", 2, ["partial_cohort"])),
    ],
)
def test_a_partial_cohort(policy: str, outcomes: str, expected: tuple[str, int | None, list[str]]) -> None:
    found = asked("recommend", design=BOIN | {"partial_cohort": policy}, data={"outcomes": outcomes})

    assert (found["kind"], found["level"], found["reasons"]) == expected


def test_without_a_cohort_size_any_number_is_a_cohort() -> None:
    free = {key: value for key, value in BOIN.items() if key != "cohort_size"}

    assert recommended(BOIN, "1NN") == ("wait", None)
    assert recommended(free, "1NN") == ("escalate", 2)
    assert recommended(free, "1NNP") == ("wait", None)


def test_table_designs_escalate_on_the_levels_total_unless_told_otherwise() -> None:
    """The published path goes from 1 of 6 at level 2 up, although its last cohort had 1 of 3."""
    path = "1NNN 2NNN 3TTN 2TNN"
    coherent = BOIN | {"guards": {"coherence": "cohort"}}

    found = asked("recommend", design=coherent, data={"outcomes": path})

    assert recommended(BOIN, path) == ("escalate", 3)
    assert (found["kind"], found["level"], found["reasons"]) == ("stay", 2, ["coherence"])


def test_guards_can_be_switched_off() -> None:
    skipping = {"counts": {"n": [3, 0, 0, 0, 0], "dlt": [0, 0, 0, 0, 0], "current_level": 4}}

    guarded = asked("recommend", design=BOIN, data=skipping)
    free = asked("recommend", design=BOIN | {"guards": "none"}, data=skipping)

    assert (guarded["kind"], guarded["level"], guarded["reasons"]) == ("deescalate", 2, ["no_skip"])
    assert (free["kind"], free["level"], free["reasons"]) == ("stay", 4, [])


def test_participants_in_order_fill_cohorts() -> None:
    children = [{"level": 1, "dlt": False}] * 3 + [{"level": 2, "dlt": False}] * 2

    waiting = asked("recommend", design=BOIN, data={"participants": children})
    complete = asked("recommend", design=BOIN, data={"participants": [*children, {"level": 2, "dlt": True}]})
    named = [child | {"cohort": 1 + (place > 2)} for place, child in enumerate(children)]
    by_name = asked("recommend", design=BOIN, data={"participants": named})

    assert (waiting["kind"], complete["kind"], by_name["kind"]) == ("wait", "stay", "wait")


@pytest.mark.parametrize(
    ("before", "now", "superseded"),
    [
        ({"outcomes": "1NNN"}, {"outcomes": "1NNT"}, True),
        ({"outcomes": "1NNT"}, {"outcomes": "1NNN"}, True),
        ({"outcomes": "1NNN"}, {"outcomes": "1NN"}, True),
        ({"outcomes": "1NNN 2N"}, {"outcomes": "1NNN 3N"}, True),
        ({"outcomes": "1NNP"}, {"outcomes": "1NNT"}, False),
        ({"outcomes": "1NNN"}, {"outcomes": "1NNN 2NNT"}, False),
        ({"outcomes": "1NN 2N"}, {"outcomes": "1NNN 2N"}, False),
        ({"outcomes": "1NNN"}, {"outcomes": "1NN 1N"}, False),
        ({"outcomes": "1NNN"}, {"counts": {"n": [3, 0, 0, 0, 0], "dlt": [1, 0, 0, 0, 0]}}, True),
        ({"outcomes": "1NNP"}, {"counts": {"n": [3, 0, 0, 0, 0], "dlt": [1, 0, 0, 0, 0]}}, False),
        ({"participants": [{"level": 1, "dlt": None}]}, {"participants": [{"level": 1, "dlt": True}]}, False),
    ],
)
def test_an_earlier_decision_is_superseded_when_what_it_rested_on_changed(
    before: Json, now: Json, superseded: bool
) -> None:
    found = asked("recommend", design=BOIN | {"cohort_size": None}, data=now, previous=before)

    assert found["previous"].keys() == {"kind", "level", "superseded"}
    assert found["previous"]["superseded"] is superseded
    assert ("late_dlt" in found["reasons"]) is superseded


def test_the_earlier_decision_is_shown_beside_the_new_one() -> None:
    found = asked("recommend", design=BOIN, data={"outcomes": "1NTT"}, previous={"outcomes": "1NNT"})

    assert (found["kind"], found["level"]) == ("stay", 1)
    assert found["previous"] == {"kind": "stay", "level": 1, "superseded": True}
    assert found["reasons"] == ["lowest_level", "late_dlt"]


@pytest.mark.parametrize(
    ("design", "data", "refusal"),
    [
        (BOIN, {}, ("outcomes", "one_of_four")),
        (BOIN, {"outcomes": "1N", "counts": {}}, ("counts", "one_of_four")),
        (BOIN, {"outcomes": "1N2"}, ("outcomes", "not_outcomes")),
        (BOIN, {"outcomes": "6N"}, ("outcomes", "level_unknown")),
        (BOIN, {"outcomes": 5}, ("outcomes", "not_text")),
        (BOIN, {"outcomes": "1N", "late": 1}, ("late", "unknown_key")),
        (BOIN, {"outcomes": "1N", "closed_levels": [9]}, ("closed_levels.0", "level_unknown")),
        (BOIN, {"outcomes": "1N", "dose_limit": 3}, ("dose_limit", "not_for_this_design")),
        (BOIN, {"posterior_samples": {"log_alpha": [1], "beta": [1]}},
         ("posterior_samples", "not_for_this_design")),
        (BOIN, {"counts": {"n": [3, 3], "dlt": [0, 0]}}, ("counts.n", "levels_disagree")),
        (BOIN, {"counts": {"n": [3] * 5, "dlt": [0] * 4}}, ("counts.dlt", "levels_disagree")),
        (BOIN, {"counts": {"n": [3] * 5, "dlt": [0, 0, 0, 0, 4]}}, ("counts.dlt.4", "more_than_evaluated")),
        (BOIN, {"counts": {"n": [3, -1, 0, 0, 0], "dlt": [0] * 5}}, ("counts.n.1", "out_of_range")),
        (BOIN, {"counts": {"n": [10**30, 0, 0, 0, 0], "dlt": [0] * 5}}, ("counts.n.0", "out_of_range")),
        (BOIN, {"counts": {"n": [3] * 5, "dlt": [0] * 5, "current_level": 6}},
         ("counts.current_level", "out_of_range")),
        (BOIN, {"participants": [{"level": 1, "dlt": "no"}]}, ("participants.0.dlt", "not_true_or_false")),
        (BOIN, {"participants": [{"dlt": False}]}, ("participants.0.level", "missing")),
        (BOIN, {"participants": [{"level": 1, "cohort": 1}, {"level": 2, "cohort": 1}]},
         ("participants.1.cohort", "levels_differ")),
        ({"design": "boin", "target": 0.3}, {"outcomes": "1N"}, ("levels", "missing")),
        (BOIN | {"levels": 0}, {"outcomes": ""}, ("levels", "out_of_range")),
        (BOIN | {"start_level": 6}, {"outcomes": ""}, ("start_level", "out_of_range")),
        (BOIN | {"cohort_size": 2.5}, {"outcomes": ""}, ("cohort_size", "not_a_whole_number")),
        (BOIN | {"partial_cohort": "go"}, {"outcomes": ""}, ("partial_cohort", "not_an_option")),
        (BOIN | {"guards": "all"}, {"outcomes": ""}, ("guards", "not_an_option")),
        (BOIN | {"guards": {"no_jump": True}}, {"outcomes": ""}, ("guards.no_jump", "unknown_key")),
        (THREE | {"cohort_size": 2}, {"outcomes": ""}, ("cohort_size", "out_of_range")),
        (THREE | {"guards": {"coherence": "cohort"}}, {"outcomes": ""}, ("guards.coherence", "target_missing")),
        (THREE | {"target": 0.3}, {"outcomes": ""}, ("target", "unknown_key")),
        ({"design": "tite_boin"}, {"outcomes": ""}, ("design", "out_of_scope")),
        ({"levels": 3}, {"outcomes": ""}, ("design", "missing")),
        ([], {"outcomes": ""}, ("design", "not_an_object")),
    ],
)  # fmt: skip
def test_a_design_or_data_that_mean_nothing_are_refused_by_name(
    design: Any, data: Any, refusal: tuple[str, str]
) -> None:
    assert problem("recommend", design=design, data=data) == refusal


def test_a_refusal_is_one_line_that_names_the_field(ask_dose: Tool, tmp_path: Path) -> None:
    bad = ask_dose("recommend", design=BOIN | {"target": 7}, data={"outcomes": ""})
    unreadable = ask_dose("recommend", "--design", str(tmp_path / "absent.json"), data={"outcomes": ""})
    not_text = ask_dose("recommend", design=b"\xff\xfe", data={"outcomes": ""})

    for said, field in ((bad, "target"), (unreadable, "--design"), (not_text, "--design")):
        assert (said.code, said.out) == (2, "")
        assert said.err.startswith(f"trialops: {field}: ")
        assert said.err.count("\n") == 1
