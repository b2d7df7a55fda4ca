"""`trialops enrolment`: every question as a command, and every input that has no answer."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.conftest import Said, Tool

DESIGN: dict[str, Any] = {
    "arms": ["A", "B"],
    "ratio": [1, 1],
    "imbalance": "range",
    "probability": {"scheme": "best_p_rest_equal", "p": 0.8},
    "factors": [
        {"name": "sex", "weight": 1, "counts": [10, 9]},
        {"name": "ethnicity", "weight": 1, "counts": [2, 2]},
    ],
    "draws": {"tie": 0.3, "coin": 0.5},
}
LIST: dict[str, Any] = {
    "arms": ["A", "B"],
    "ratio": [1, 1],
    "block_sizes": [2, 4],
    "strata": ["s1", "s2"],
    "rows_per_stratum": 5,
    "seed": "42",
}
Ask = Callable[..., Said]


@pytest.fixture
def ask(tool: Tool, tmp_path: Path) -> Ask:
    """A command of the group; a design given as an object or as text is written to a file first."""

    def run(command: str, *options: str, config: object = None) -> Said:
        if config is not None:
            file = tmp_path / "config.json"
            text = config if isinstance(config, bytes) else json.dumps(config).encode()
            file.write_bytes(text)
            options = ("--config", str(file), *options)
        return tool("enrolment", command, *options)

    return run


@pytest.fixture
def typed(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    """`nhs-number` with something on standard input."""

    def run(raw: bytes, *options: str) -> Said:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8"))
        return tool("enrolment", "nhs-number", *options)

    return run


def refused(said: Said, field: str) -> None:
    assert (said.code, said.out) == (2, ""), said
    assert said.err.startswith(f"trialops: {field}: "), said.err
    assert said.err.count("\n") == 1


def changed(document: dict[str, Any], **members: Any) -> dict[str, Any]:
    return document | members


# minimise


def test_the_published_counts_assign_the_second_arm(ask: Ask) -> None:
    found = ask("minimise", "--json", config=DESIGN).document

    assert (found["g"], found["preferred"], found["probabilities"]) == ([3, 1], ["B"], [0.2, 0.8])
    assert (found["arm"], found["warnings"]) == ("B", [])


@pytest.mark.parametrize("draws", [None, "absent"])
def test_without_random_numbers_no_arm_is_named(ask: Ask, draws: str | None) -> None:
    design = changed(DESIGN, draws=None)
    if draws == "absent":
        del design["draws"]

    found = ask("minimise", "--json", config=design).document

    assert (found["arm"], found["g"]) == (None, [3, 1])


def test_numbers_may_be_written_as_text_and_stay_as_they_were_written(ask: Ask) -> None:
    design = changed(
        DESIGN,
        factors=[
            {"name": "a", "weight": "0.1", "counts": ["0", "1"]},
            {"name": "b", "weight": 0.2, "counts": [0, 1]},
            {"name": "c", "weight": 0.3, "counts": [1, 0]},
        ],
    )

    found = ask("minimise", "--json", config=design).document

    assert (found["preferred"], found["probabilities"]) == (["A", "B"], [0.5, 0.5])


def test_a_certain_arm_warns(ask: Ask) -> None:
    design = changed(DESIGN, probability={"scheme": "best_p_rest_equal", "p": 1})

    assert ask("minimise", "--json", config=design).document["warnings"] == ["deterministic"]


@pytest.mark.parametrize(
    ("scheme", "probabilities"),
    [({"scheme": "rank_linear", "q": 1}, [1 / 3, 2 / 3]), ({"scheme": "g_based", "t": 1}, [0.25, 0.75])],
)
def test_the_other_schemes_are_known(ask: Ask, scheme: dict[str, Any], probabilities: list[float]) -> None:
    found = ask("minimise", "--json", config=changed(DESIGN, probability=scheme)).document

    assert found["probabilities"] == pytest.approx(probabilities)


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"imbalance": None}, "imbalance"),
        ({"imbalance": "entropy"}, "imbalance"),
        ({"arms": None}, "arms"),
        ({"arms": ["A", 7]}, "arms.1"),
        ({"ratio": [1, 1.5]}, "ratio.1"),
        ({"ratio": [1]}, "ratio"),
        ({"probability": {"scheme": "urn"}}, "probability.scheme"),
        ({"probability": {"scheme": "rank_linear", "p": 0.8}}, "probability.p"),
        ({"probability": {"scheme": "best_p_rest_equal", "p": 1.2}}, "probability.p"),
        ({"probability": {"scheme": "best_p_rest_equal"}}, "probability.p"),
        ({"probability": 0.8}, "probability"),
        ({"factors": []}, "factors"),
        ({"factors": [{"name": "sex", "counts": [1, 2]}]}, "factors.0.weight"),
        ({"factors": [{"name": "sex", "weight": "NaN", "counts": [1, 2]}]}, "factors.0.weight"),
        ({"factors": [{"name": "sex", "weight": float("inf"), "counts": [1, 2]}]}, "factors.0.weight"),
        ({"factors": [{"name": "sex", "weight": 10**41, "counts": [1, 2]}]}, "factors.0.weight"),
        ({"factors": [{"name": "sex", "weight": 1, "counts": [1, -2]}]}, "factors.0.counts"),
        ({"factors": [{"name": "sex", "weight": 1, "counts": [1, 10**30]}]}, "factors.0.counts"),
        ({"factors": [{"name": "sex", "weight": 1, "counts": [1]}]}, "factors.0.counts"),
        ({"factors": [{"name": "sex", "weight": 1, "counts": [1, 2], "level": "m"}]}, "factors.0.level"),
        ({"draws": {"tie": float("nan"), "coin": 0.5}}, "draws.tie"),
        ({"draws": {"tie": 0.5, "coin": 1}}, "draws.coin"),
        ({"draws": {"coin": 0.5}}, "draws.tie"),
        ({"blinded": True}, "blinded"),
    ],
)
def test_a_design_that_cannot_be_used_names_the_field(ask: Ask, members: dict[str, Any], field: str) -> None:
    refused(ask("minimise", "--json", config=changed(DESIGN, **members)), field)


@pytest.mark.parametrize(
    "number", [b"1" * 5000, b"1e999999999999999999999", b"-Infinity", b"0." + b"1" * 5000]
)
def test_a_number_of_any_size_is_refused_by_its_field(ask: Ask, number: bytes) -> None:
    refused(ask("minimise", config=json.dumps(DESIGN).encode().replace(b"0.3", number)), "draws.tie")


# blocks


def test_lists_are_complete_and_a_stratum_depends_on_no_other(ask: Ask) -> None:
    both = ask("blocks", "--json", config=LIST).document["strata"]
    longer = ask(
        "blocks", "--json", config=changed(LIST, strata=["s2"], rows_per_stratum=40, seed=42)
    ).document

    assert [one["stratum"] for one in both] == ["s1", "s2"]
    for one in both:
        assert len(one["rows"]) >= 5
        assert one["rows"][0].keys() == {"row", "block", "block_size", "arm"}
        arms = [row["arm"] for row in one["rows"]]
        assert arms.count("A") == arms.count("B")
    assert longer["strata"][0]["rows"][: len(both[1]["rows"])] == both[1]["rows"]


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"block_sizes": [3]}, "block_sizes.0"),
        ({"block_sizes": 4}, "block_sizes"),
        ({"strata": []}, "strata"),
        ({"strata": ["s1", "s1"]}, "strata"),
        ({"strata": [" "]}, "strata"),
        ({"strata": ["s\n1"]}, "strata.0"),
        ({"strata": ["\ud800"]}, "strata.0"),
        ({"rows_per_stratum": 0}, "rows_per_stratum"),
        ({"rows_per_stratum": "many"}, "rows_per_stratum"),
        ({"rows_per_stratum": 10**9}, "rows_per_stratum"),
        ({"seed": None}, "seed"),
        ({"seed": 4.2}, "seed"),
        ({"seed": True}, "seed"),
        ({"stratum": "s1"}, "stratum"),
    ],
)
def test_a_list_that_cannot_be_made_names_the_field(ask: Ask, members: dict[str, Any], field: str) -> None:
    refused(ask("blocks", config=changed(LIST, **members)), field)


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"null", b"{", b"\xff\xfe{}", b"[" * 100_000, b'{"arms": [], "arms": []}'], ids=len
)
@pytest.mark.parametrize("command", ["minimise", "blocks"])
def test_a_file_that_holds_no_design_is_one_line_on_stderr(ask: Ask, command: str, raw: bytes) -> None:
    refused(ask(command, config=raw), "--config")


def test_a_file_that_cannot_be_read_is_wrong_usage(ask: Ask, tmp_path: Path) -> None:
    refused(ask("blocks", "--config", str(tmp_path)), "--config")
    refused(ask("blocks", "--config", str(tmp_path / "absent.json")), "--config")
    refused(ask("blocks"), "--config")
    refused(ask("batch", str(tmp_path / "absent.jsonl")), "file")


# numbers


@pytest.mark.parametrize(("digits", "check"), [("572", 4), ("012007", 8)])
def test_check_digits_are_those_of_issued_numbers(ask: Ask, digits: str, check: int) -> None:
    assert ask("check-digit", "--digits", digits, "--json").document == {"check": check}


@pytest.mark.parametrize("digits", ["", "57x", "٥", "-572", "1" * 1001])
def test_a_check_digit_is_over_digits(ask: Ask, digits: str) -> None:
    refused(ask("check-digit", "--digits", digits), "--digits")


@pytest.mark.parametrize(
    ("raw", "valid"),
    [(b"9434765919\n", True), (b" 943 476 5919", True), (b"9434765918\n", False), (b"x", False)],
)
def test_an_nhs_number_comes_from_standard_input_and_is_not_shown(
    typed: Callable[..., Said], raw: bytes, valid: bool
) -> None:
    for_programs, for_people = typed(raw, "--json"), typed(raw)

    assert (for_programs.code, for_programs.document) == (0, {"valid": valid})
    assert for_people.out.split() == ["valid", "yes" if valid else "no"]


@pytest.mark.parametrize("raw", [b"", b"\n", b"\xff", b"9434765919\n9434765919\n", b"1" * 5000])
def test_standard_input_that_is_not_one_number_is_wrong_usage(typed: Callable[..., Said], raw: bytes) -> None:
    refused(typed(raw), "number")


def test_a_closed_standard_input_is_wrong_usage(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)

    refused(tool("enrolment", "nhs-number"), "number")


@pytest.mark.parametrize("option", [["9434765919"], ["--number", "9434765919"], ["--number=9434765919"]])
def test_an_nhs_number_among_the_arguments_is_refused_and_not_repeated(
    typed: Callable[..., Said], option: list[str]
) -> None:
    said = typed(b"", *option)

    refused(said, "number")
    assert "9434765919" not in said.err


# age


@pytest.mark.parametrize(
    ("options", "local_date", "years", "days", "consent"),
    [
        (["--born", "2010-11-22", "--at", "2026-11-21T23:59:59Z"], "2026-11-21", 15, 364, False),
        (["--born", "2010-11-22", "--at", "2026-11-22T00:00:00Z"], "2026-11-22", 16, 0, True),
        # Midnight of a summer day comes at 23:00 UTC.
        (["--born", "2010-07-01", "--at", "2026-06-30T23:00:00Z"], "2026-07-01", 16, 0, True),
        (["--born", "2010-07-01", "--at", "2026-06-30T22:59:59Z"], "2026-06-30", 15, 364, False),
        # The nights on which clocks change.
        (["--born", "2010-03-29", "--at", "2026-03-28T23:59:59.999Z"], "2026-03-28", 15, 364, False),
        (["--born", "2010-03-29", "--at", "2026-03-29T00:00:00+00:00"], "2026-03-29", 16, 0, True),
        (["--born", "2010-10-25", "--at", "2026-10-24T23:00Z"], "2026-10-25", 16, 0, True),
        (["--born", "2010-10-26", "--at", "2026-10-25T23:59:59Z"], "2026-10-25", 15, 364, False),
        (["--born", "2010-10-26", "--at", "2026-10-26T00:00:00Z"], "2026-10-26", 16, 0, True),
        (
            ["--born", "2010-11-22", "--at", "2026-11-21T14:00:00Z", "--zone", "Asia/Tokyo"],
            "2026-11-21",
            15,
            364,
            False,
        ),
        (
            ["--born", "2010-11-22", "--at", "2026-11-21T15:00:00Z", "--zone", "Asia/Tokyo"],
            "2026-11-22",
            16,
            0,
            True,
        ),
        (["--born", "2012-02-29", "--on", "2027-02-28"], "2027-02-28", 14, 364, False),
        (["--born", "2012-02-29", "--on", "2027-03-01"], "2027-03-01", 15, 0, False),
        (["--born", "2012-02-29", "--on", "2028-02-29", "--country", "gb"], "2028-02-29", 16, 0, True),
        (["--born", "2012-02-29", "--on", "2027-02-28", "--country", "FR"], "2027-02-28", None, None, None),
        (["--born", "2000-01-01", "--on", "2026-01-02", "--country", "FR"], "2026-01-02", 26, 1, None),
        (["--born", "2026-01-01", "--on", "2026-01-01"], "2026-01-01", 0, 0, False),
    ],
)
def test_age_is_reached_at_local_midnight_of_the_birthday(
    ask: Ask, options: list[str], local_date: str, years: int | None, days: int | None, consent: bool | None
) -> None:
    assert ask("age", *options, "--json").document == {
        "local_date": local_date,
        "years": years,
        "days_since_birthday": days,
        "may_consent_ctimp": consent,
    }


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ([], "--born"),
        (["--born", "2010-02-29", "--on", "2026-01-01"], "--born"),
        (["--born", "20100228", "--on", "2026-01-01"], "--born"),
        (["--born", "2026-01-02", "--on", "2026-01-01"], "--born"),
        (["--born", "2010-01-01"], "--on"),
        (["--born", "2010-01-01", "--on", "2026-01-01", "--at", "2026-01-01T00:00:00Z"], "--on"),
        (["--born", "2010-01-01", "--on", "2026-W47-6"], "--on"),
        (["--born", "2010-01-01", "--at", "2026-01-01"], "--at"),
        (["--born", "2010-01-01", "--at", "2026-01-01T00:00:00"], "--at"),
        (["--born", "2010-01-01", "--at", "9999-12-31T23:59:59Z", "--zone", "Asia/Tokyo"], "--at"),
        (["--born", "2010-01-01", "--on", "2026-01-01", "--zone", "Europe"], "--zone"),
        (["--born", "2010-01-01", "--on", "2026-01-01", "--zone", "../etc/passwd"], "--zone"),
        (["--born", "2010-01-01", "--on", "2026-01-01", "--country", "GBR"], "--country"),
    ],
)
def test_an_age_that_cannot_be_told_names_the_option_and_no_date_of_birth(
    ask: Ask, options: list[str], field: str
) -> None:
    said = ask("age", *options, "--json")

    refused(said, field)
    assert "2010" not in said.err


# stagger


@pytest.mark.parametrize(
    ("options", "earliest", "utc"),
    [
        (["2026-03-28T10:00:00Z", "--hours", "24"], "2026-03-29T11:00:00+01:00", "2026-03-29T10:00:00Z"),
        (["2026-10-24T10:00:00+01:00", "--hours", "24"], "2026-10-25T09:00:00+00:00", "2026-10-25T09:00:00Z"),
        # The hour that comes twice, and the one that does not come.
        (["2026-10-25T00:30:00Z", "--hours", "0"], "2026-10-25T01:30:00+01:00", "2026-10-25T00:30:00Z"),
        (["2026-10-25T00:30:00Z", "--hours", "1"], "2026-10-25T01:30:00+00:00", "2026-10-25T01:30:00Z"),
        (["2026-03-29T00:30:00Z", "--hours", "0.5"], "2026-03-29T02:00:00+01:00", "2026-03-29T01:00:00Z"),
        (["2026-03-20T12:00:00Z", "--hours", "168", "--zone", "America/New_York"],
         "2026-03-27T08:00:00-04:00", "2026-03-27T12:00:00Z"),
    ],
)  # fmt: skip
def test_an_interval_is_elapsed_hours_through_the_nights_on_which_clocks_change(
    ask: Ask, options: list[str], earliest: str, utc: str
) -> None:
    found = ask("stagger", "--json", "--first-dose", *options).document

    assert found == {"earliest": earliest, "earliest_utc": utc}


@pytest.mark.parametrize("hours", ["-1", "NaN", "Infinity", "1e400", "9" * 41, "1e20", "a day", ""])
def test_an_interval_that_is_none_names_its_option(ask: Ask, hours: str) -> None:
    refused(ask("stagger", "--first-dose", "2026-03-20T12:00:00Z", f"--hours={hours}"), "--hours")


def test_a_first_dose_needs_an_offset(ask: Ask) -> None:
    refused(ask("stagger", "--first-dose", "2026-03-20T12:00:00", "--hours", "1"), "--first-dose")


# for people


def test_every_answer_is_also_in_words(ask: Ask) -> None:
    marked = changed(DESIGN, arms=["[red]A", ":smile:"], draws=None)

    minimised = ask("minimise", config=marked).out
    assert "Minimisation" in minimised
    assert "no random numbers were given" in minimised
    assert "[red]A" in minimised
    assert ":smile:" in ask("minimise", config=changed(marked, draws=DESIGN["draws"])).out.splitlines()[-2]
    assert "Stratum s1" in ask("blocks", config=LIST).out
    assert ask("check-digit", "--digits", "572").out.split() == ["check", "4"]
    assert "unknown" in ask("age", "--born", "2000-01-01", "--on", "2026-01-02", "--country", "FR").out
