"""Who writes unblinded facts to the broker: a user of their own, or, where none is named, the service's."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from shared.process import kafka_connection, unblinded_connection
from shared.service_settings import ServiceSettings
from shared.settings import BrokerSettings, Environment, SettingsRefused, check_production
from shared.testing.running import settings_for_tests


def settings(**more: object) -> ServiceSettings:
    broker = BrokerSettings.model_validate(
        {
            "kafka_bootstrap_servers": "kafka:9094",
            "kafka_username": "alpha",
            "kafka_password": SecretStr("a password of the service"),
        }
        | more
    )
    return replace(settings_for_tests("alpha", Environment.PRODUCTION), broker=broker)


def test_a_named_user_writes_them_with_a_password_of_its_own() -> None:
    connection = unblinded_connection(
        settings(
            kafka_unblinded_username="alpha-unblinded",
            kafka_unblinded_password=SecretStr("another password"),
        )
    )

    assert (connection.username, connection.password) == ("alpha-unblinded", "another password")
    assert (connection.bootstrap_servers, connection.client_id) == ("kafka:9094", "alpha")


def test_without_one_the_services_own_user_does() -> None:
    assert unblinded_connection(settings()) == kafka_connection(settings())


def test_production_refuses_a_weak_password_for_them() -> None:
    weak = settings(
        kafka_unblinded_username="alpha-unblinded", kafka_unblinded_password=SecretStr("changeme")
    )

    with pytest.raises(SettingsRefused) as refused:
        check_production(weak, alert_channel_needed=False)

    assert "the broker password for unblinded facts is a default or too weak" in refused.value.reasons
