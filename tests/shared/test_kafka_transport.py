"""What can be said of the Kafka transport without a broker; the rest is in tests/kafka."""

import ssl
from pathlib import Path

from shared.kafka_transport import KafkaConnection, KafkaTransport
from shared.testing.records import RecordMaker
from shared.transport import OutgoingRecord

NOWHERE = KafkaConnection(bootstrap_servers="127.0.0.1:1", client_id="test")


def test_a_plain_connection_has_no_credentials() -> None:
    arguments = NOWHERE.arguments()

    assert arguments["security_protocol"] == "PLAINTEXT"
    assert not [name for name in arguments if name.startswith("sasl")]


def test_a_user_authenticates_by_scram_and_tls_is_added_when_asked_for() -> None:
    plain = KafkaConnection(bootstrap_servers="b:9094", client_id="c", username="alpha", password="word")
    secure = KafkaConnection(
        bootstrap_servers="b:9094", client_id="c", username="alpha", password="word", tls=True
    )

    assert plain.arguments()["security_protocol"] == "SASL_PLAINTEXT"
    assert plain.arguments()["sasl_mechanism"] == "SCRAM-SHA-512"
    assert secure.arguments()["security_protocol"] == "SASL_SSL"
    assert isinstance(secure.arguments()["ssl_context"], ssl.SSLContext)
    assert (
        KafkaConnection(bootstrap_servers="b", client_id="c", tls=True).arguments()["security_protocol"]
        == "SSL"
    )


async def test_without_a_broker_every_record_is_answered_with_an_error_and_nothing_hangs() -> None:
    transport = KafkaTransport(NOWHERE)
    batch = [OutgoingRecord(seq=n, aggregate_id="a", record=RecordMaker().event("a", n)) for n in range(1, 4)]

    for _ in range(2):
        answers = await transport.publish(batch)
        assert [isinstance(answer, Exception) for answer in answers] == [True] * 3
    await transport.close()


def test_a_certificate_file_is_read(tmp_path: Path) -> None:
    missing = KafkaConnection(bootstrap_servers="b", client_id="c", tls=True, ca_file=tmp_path / "no.pem")

    try:
        missing.arguments()
    except OSError:
        return
    raise AssertionError("a missing file of trusted certificates was ignored")
