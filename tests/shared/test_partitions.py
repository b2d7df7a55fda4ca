from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.partitions import NETWORK, PARTITIONS, partition_of


@pytest.mark.parametrize(
    ("key", "partition"),
    [("", 0), ("network", 2), ("EP01", 0), ("0190a1f0-0000-7000-8000-000000000001", 5), ("köln", 1)],
)
def test_the_partition_of_a_key_never_changes(key: str, partition: int) -> None:
    """Fixed vectors: a changed function would split every aggregate's history over two partitions."""
    assert partition_of(key) == partition


def test_the_check_value_of_the_checksum_is_the_published_one() -> None:
    """CRC-32/ISO-HDLC gives cbf43926 for the nine digits (Greg Cook, catalogue of CRC algorithms)."""
    assert crc32(b"123456789") == 0xCBF43926
    assert partition_of("123456789") == 0xCBF43926 % PARTITIONS


@given(st.text())
def test_every_key_has_one_of_the_partitions(key: str) -> None:
    assert 0 <= partition_of(key) < PARTITIONS


def test_scopes_spread_over_all_partitions() -> None:
    assert {partition_of(f"scope-{n}") for n in range(100)} == set(range(PARTITIONS))
    assert NETWORK == "network"
