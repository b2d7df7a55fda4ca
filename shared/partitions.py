"""Which partition an event goes to; relay, freshness check and digest must agree on it."""

from zlib import crc32

PARTITIONS = 6
NETWORK = "network"
"""Partition key of facts that concern everybody rather than one scope."""


def partition_of(partition_key: str) -> int:
    """CRC-32 of the key's UTF-8 bytes, modulo the number of partitions; never a client's own hash."""
    return crc32(partition_key.encode()) % PARTITIONS
