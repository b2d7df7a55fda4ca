"""What is well-formed JSON, read strictly: text to values, before any form is asked."""

import json
import time
from contextlib import suppress
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.json_body import read_json
from shared.problems import Problem


def refusal(raw: bytes, *, nul: Literal["refuse", "replace"] = "refuse") -> tuple[int, str]:
    with pytest.raises(Problem) as caught:
        read_json(raw, nul=nul)
    return caught.value.status, caught.value.code


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"   ",
        b"{",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":-Infinity}',
        b'{"a":1e999}',
        b'{"a":-1e999}',
        b'{"a":[{"b":1e99999999999999999999}]}',
        rb'{"a":"\ud800"}',
        rb'{"a":"\udc00\ud800"}',
        rb'{"\udfff":1}',
        b'{"a":"\xff"}',
        b'{"a":"\xed\xa0\x80"}',
        b"\xef\xbb\xbf{}",
        '{"a":1}'.encode("utf-16"),
        b'{"a":"\x00"}',
        b'{"a":"\x1f"}',
        b'{"a":01}',
        b'{"a":1.}',
        b'{"a":1,}',
        b"{'a':1}",
        b'{"a":1}{}',
        b'{"a":1 /* no */}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":9223372036854775808}',
        b'{"a":-9223372036854775809}',
        b'{"a":' + b"[" * 64 + b"]" * 64 + b"}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
    ids=lambda raw: repr(raw[:24]),
)
def test_what_is_no_well_formed_json_is_refused_as_invalid_json(raw: bytes) -> None:
    began = time.perf_counter()

    assert refusal(raw) == (400, "invalid_json")
    assert time.perf_counter() - began < 0.1


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":1,"a":1}',
        b'{"a":{"b":[{"c":1,"c":2}]}}',
        rb'{"a":1,"\u0061":2}',
    ],
)
def test_a_key_that_is_named_twice_is_refused(raw: bytes) -> None:
    assert refusal(raw) == (400, "duplicate_key")


@pytest.mark.parametrize("raw", [b"[]", b'"text"', b"null", b"3", b"true", b"[{}]"])
def test_a_document_that_is_no_object_is_refused_by_the_form(raw: bytes) -> None:
    assert refusal(raw) == (422, "invalid_request")


@pytest.mark.parametrize(
    "raw",
    [
        b"{}",
        b' {"a": 1}\n',
        b'{"a":9223372036854775807,"b":-9223372036854775808,"c":1e308,"d":-0.0}',
        rb'{"a":"\ud83d\ude00 \u00e9 \" \\u0000"}',
        b'{"a":' + b"[" * 63 + b"]" * 63 + b"}",
        json.dumps({"a": "[{" * 200, "b": [{"c": []}] * 100}).encode(),
        rb'{"a":"\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\"}',
    ],
    ids=lambda raw: repr(raw[:24]),
)
def test_well_formed_objects_pass_unchanged(raw: bytes) -> None:
    assert read_json(raw) == raw


@pytest.mark.parametrize("raw", [rb'{"a":"x\u0000y"}', rb'{"\u0000":1}', rb'{"a":["\\\u0000"]}'])
def test_a_text_with_u0000_is_refused(raw: bytes) -> None:
    assert refusal(raw) == (400, "invalid_text")


def test_an_intake_that_refuses_nothing_readable_gets_u0000_replaced() -> None:
    raw = rb'{"a":"x\u0000\u0000y","b":"\\u0000","c":"\\\u0000","\u0000":1}'

    read = json.loads(read_json(raw, nul="replace"))

    assert read == {"a": "x��y", "b": r"\u0000", "c": "\\�", "�": 1}


def test_replacing_u0000_does_not_make_two_keys_equal_unnoticed() -> None:
    assert refusal(rb'{"a\u0000":1,"a\ufffd":2}', nul="replace") == (400, "duplicate_key")


JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.sampled_from("abcd"), children),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from("abcd"), JSON_VALUES), st.booleans())
def test_every_object_that_json_can_write_is_read(document: dict[str, Any], ascii_only: bool) -> None:
    raw = json.dumps(document, ensure_ascii=ascii_only).encode()

    assert json.loads(read_json(raw)) == document


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_no_bytes_whatever_cause_anything_but_a_refusal(raw: bytes) -> None:
    with suppress(Problem):
        assert isinstance(json.loads(read_json(raw)), dict)
