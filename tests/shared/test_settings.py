import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import OKPKey
from pydantic import ValidationError

from shared.settings import (
    BrokerSettings,
    DeploymentSettings,
    Environment,
    EventSigningSettings,
    FreshnessSettings,
    LimitSettings,
    MailSettings,
    SettingsInvalid,
    SettingsRefused,
    StoreSettings,
    TokenSettings,
    check_production,
    read_block,
    unknown_variables,
    variable_names,
)
from shared.token_keys import generate_development_key, public_part

STRONG = "tr0ub4dor-and-3-horses"


def reasons_of(block: Any, *prefixes: str, **environ: str) -> list[str]:
    with pytest.raises(SettingsInvalid) as caught:
        read_block(block, *prefixes, environ=environ)
    return caught.value.reasons


def test_a_block_is_read_under_a_prefix() -> None:
    environ = {
        "SHOP_KAFKA_BOOTSTRAP_SERVERS": "k1:9092,k2:9092",
        "SHOP_KAFKA_TLS": "true",
        "KAFKA_USERNAME": "x",
    }

    broker = read_block(BrokerSettings, "SHOP_", environ=environ)

    assert broker.kafka_bootstrap_servers == "k1:9092,k2:9092"
    assert broker.kafka_tls is True
    assert broker.kafka_username is None
    assert broker.configured


def test_the_more_specific_prefix_wins_field_by_field() -> None:
    environ = {"SHOP_MAIL_HOST": "mail", "SHOP_MAIL_PORT": "25", "SHOP_ORDERS_MAIL_HOST": "orders-mail"}

    mail = read_block(MailSettings, "SHOP_ORDERS_", "SHOP_", environ=environ)

    assert (mail.host, mail.port) == ("orders-mail", 25)


def test_the_process_environment_is_read_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_ENVIRONMENT", "demonstration")

    assert read_block(DeploymentSettings, "SHOP_").environment is Environment.DEMONSTRATION


def test_nothing_but_the_given_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_MAIL_HOST", "from-the-process")
    monkeypatch.setenv("MAIL_HOST", "from-the-process")

    assert read_block(MailSettings, "SHOP_", environ={}).host is None
    assert MailSettings().host is None


def test_an_installation_must_say_what_it_is_for() -> None:
    assert reasons_of(DeploymentSettings, "SHOP_") == ["SHOP_ENVIRONMENT: Field required"]
    assert "SHOP_ENVIRONMENT" in reasons_of(DeploymentSettings, "SHOP_", SHOP_ENVIRONMENT="prod")[0]


def test_an_empty_variable_is_no_value() -> None:
    assert reasons_of(StoreSettings, "SHOP_", SHOP_DATABASE_URL="") == ["SHOP_DATABASE_URL: Field required"]


def test_a_secret_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("postgresql://shop:horses@db/shop\n")

    store = read_block(StoreSettings, "SHOP_", environ={"SHOP_DATABASE_URL_FILE": str(file)})

    assert store.database_url.get_secret_value() == "postgresql://shop:horses@db/shop"
    assert "horses" not in repr(store)
    assert "horses" not in str(store)


@pytest.mark.parametrize("content", [None, b"", b"  \n", b"\xff\xfe", b"x" * 70_000])
def test_a_secret_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "url"
    if content is not None:
        file.write_bytes(content)

    reasons = reasons_of(StoreSettings, "SHOP_", SHOP_DATABASE_URL_FILE=str(file))

    assert any(reason.startswith("SHOP_DATABASE_URL_FILE: the file cannot be read") for reason in reasons)


def test_a_value_and_its_file_together_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("sqlite:///a")

    reasons = reasons_of(
        StoreSettings, "SHOP_", SHOP_DATABASE_URL="sqlite:///b", SHOP_DATABASE_URL_FILE=str(file)
    )

    assert reasons == ["SHOP_DATABASE_URL and SHOP_DATABASE_URL_FILE are both set"]


def test_a_field_that_is_itself_a_path_stays_a_path() -> None:
    tokens = read_block(TokenSettings, "SHOP_", environ={"SHOP_TOKEN_PUBLIC_KEYS_FILE": "/keys/public.json"})

    assert tokens.public_keys_file == Path("/keys/public.json")


def test_every_wrong_value_is_named_and_none_is_shown() -> None:
    reasons = reasons_of(MailSettings, "SHOP_", SHOP_MAIL_PORT="hunter2", SHOP_MAIL_TLS="hunter2")

    assert [reason.partition(":")[0] for reason in reasons] == ["SHOP_MAIL_PORT", "SHOP_MAIL_TLS"]
    assert "hunter2" not in str(reasons)


@pytest.mark.parametrize(
    ("block", "name", "value"),
    [
        (FreshnessSettings, "SHOP_FRESHNESS_MAX_AGE_SECONDS", "61"),
        (FreshnessSettings, "SHOP_FRESHNESS_MAX_AGE_SECONDS", "0"),
        (FreshnessSettings, "SHOP_FRESHNESS_MAX_AGE_SECONDS", "nan"),
        (FreshnessSettings, "SHOP_FRESHNESS_MAX_AGE_SECONDS", "inf"),
        (FreshnessSettings, "SHOP_FRESHNESS_AHEAD_SECONDS", "2.5"),
        (LimitSettings, "SHOP_LIMIT_PAGE_SIZE_MOST", "201"),
        (LimitSettings, "SHOP_LIMIT_BODY_SECONDS", "31"),
        (MailSettings, "SHOP_MAIL_PORT", "0"),
    ],
)
def test_limits_can_be_made_stricter_but_not_laxer(block: Any, name: str, value: str) -> None:
    assert reasons_of(block, "SHOP_", **{name: value})[0].startswith(name)


def test_limits_have_the_stated_defaults() -> None:
    freshness, limits = FreshnessSettings(), LimitSettings()

    assert (freshness.max_age_seconds, freshness.ahead_seconds) == (60, 2)
    assert (limits.body_bytes, limits.body_seconds, limits.header_bytes) == (1_048_576, 30, 16_384)
    assert (limits.page_size, limits.page_size_most) == (50, 200)


def test_a_misspelt_variable_is_found() -> None:
    known = variable_names(BrokerSettings, "SHOP_") | variable_names(MailSettings, "SHOP_")
    environ = {"SHOP_KAFKA_BOOTSTRAP_SERVER": "k", "SHOP_MAIL_PASSWORD_FILE": "f", "PATH": "/bin"}

    assert unknown_variables("SHOP_", known, environ) == ["SHOP_KAFKA_BOOTSTRAP_SERVER"]


def test_a_block_that_is_made_wrongly_does_not_show_the_value() -> None:
    with pytest.raises(ValidationError) as caught:
        DeploymentSettings(environment="hunter2")

    assert "hunter2" not in str(caught.value)


def test_a_block_does_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        MailSettings().__setattr__("host", "elsewhere")


@dataclass(frozen=True)
class Shop:
    deployment: DeploymentSettings
    store: StoreSettings
    broker: BrokerSettings
    tokens: TokenSettings
    event_signing: EventSigningSettings
    mail: MailSettings = field(default_factory=MailSettings)


def store(url: str) -> StoreSettings:
    return read_block(StoreSettings, "", environ={"DATABASE_URL": url})


@pytest.fixture
def fit(tmp_path: Path) -> Shop:
    """Settings with which production may start."""
    key = OKPKey.import_key({**OKPKey.generate_key("Ed25519").as_dict(private=False), "kid": "issuer-1"})
    keys, signing = tmp_path / "tokens.json", tmp_path / "signing"
    keys.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    signing.mkdir()
    (signing / "orders.json").write_text("{}")
    (tmp_path / "signing.key").write_text("{}")
    return Shop(
        deployment=DeploymentSettings(environment=Environment.PRODUCTION),
        store=store(f"postgresql+asyncpg://shop:{STRONG}@db/shop"),
        broker=read_block(
            BrokerSettings,
            "",
            environ={
                "KAFKA_BOOTSTRAP_SERVERS": "k1:9093",
                "KAFKA_USERNAME": "shop",
                "KAFKA_PASSWORD": STRONG,
                "KAFKA_TLS": "1",
            },
        ),
        tokens=TokenSettings(issuer="https://issuer.example", public_keys_file=keys),
        event_signing=EventSigningSettings(
            enabled=True, private_key_file=tmp_path / "signing.key", public_keys_dir=signing
        ),
        mail=MailSettings(host="mail", sender="shop@example.org"),
    )


def refusals(settings: Shop, **more: Any) -> list[str]:
    with pytest.raises(SettingsRefused) as caught:
        check_production(settings, **({"alert_channel_needed": True} | more))
    return caught.value.reasons


def test_fit_settings_may_start_production(fit: Shop) -> None:
    check_production(fit, alert_channel_needed=True)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite+aiosqlite:///shop.db", "SQLite"),
        ("postgresql://shop:changeme@db/shop", "password"),
        ("postgresql://shop:ChangeMe-please-now@db/shop", "password"),
        ("postgresql://shop:short@db/shop", "password"),
        ("postgresql://shop:aaaaaaaaaaaaaaaa@db/shop", "password"),
        ("nonsense", "URL"),
    ],
)
def test_production_refuses_this_store(fit: Shop, url: str, reason: str) -> None:
    assert reason in "".join(refusals(replace(fit, store=store(url))))


@pytest.mark.parametrize(
    ("environ", "count"),
    [
        ({"KAFKA_BOOTSTRAP_SERVERS": "k"}, 2),
        (
            {
                "KAFKA_BOOTSTRAP_SERVERS": "k",
                "KAFKA_USERNAME": "u",
                "KAFKA_PASSWORD": "changeme",
                "KAFKA_TLS": "1",
            },
            1,
        ),
        ({"KAFKA_BOOTSTRAP_SERVERS": "k", "KAFKA_USERNAME": "u", "KAFKA_PASSWORD": STRONG}, 1),
    ],
)
def test_production_refuses_this_broker(fit: Shop, environ: dict[str, str], count: int) -> None:
    broker = read_block(BrokerSettings, "", environ=environ)

    assert len(refusals(replace(fit, broker=broker))) == count


def test_production_refuses_tokens_that_anyone_could_make(fit: Shop, tmp_path: Path) -> None:
    development, private = tmp_path / "development.json", tmp_path / "private.json"
    key = generate_development_key()
    development.write_text(json.dumps(public_part(key).as_dict()))
    private.write_text(json.dumps(key.as_dict(private=True)))

    for tokens in (
        TokenSettings(issuer="https://issuer.example"),
        TokenSettings(issuer="https://issuer.example", public_keys_file=tmp_path / "absent.json"),
        TokenSettings(issuer="https://issuer.example", public_keys_file=development),
        TokenSettings(issuer="https://issuer.example", public_keys_file=private),
        TokenSettings(issuer="http://issuer.example", public_keys_file=fit.tokens.public_keys_file),
        TokenSettings(public_keys_file=fit.tokens.public_keys_file),
    ):
        assert len(refusals(replace(fit, tokens=tokens))) == 1


def test_production_refuses_unsigned_events_and_missing_signing_keys(fit: Shop, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    for signing, count in (
        (EventSigningSettings(), 1),
        (EventSigningSettings(enabled=True), 2),
        (
            EventSigningSettings(
                enabled=True, private_key_file=tmp_path, public_keys_dir=tmp_path / "absent"
            ),
            2,
        ),
        (
            EventSigningSettings(
                enabled=True,
                private_key_file=fit.event_signing.private_key_file,
                public_keys_dir=tmp_path / "empty",
            ),
            1,
        ),
    ):
        assert len(refusals(replace(fit, event_signing=signing))) == count


def test_production_refuses_to_be_silent_where_people_must_be_reached(fit: Shop) -> None:
    silent = replace(fit, mail=MailSettings())

    assert refusals(silent) == ["no alert channel is set"]
    check_production(silent, alert_channel_needed=False)


def test_production_refuses_mail_in_clear_text_and_its_weak_password(fit: Shop) -> None:
    mail = read_block(
        MailSettings,
        "",
        environ={
            "MAIL_HOST": "m",
            "MAIL_SENDER": "s",
            "MAIL_TLS": "0",
            "MAIL_USERNAME": "u",
            "MAIL_PASSWORD": "x",
        },
    )

    assert len(refusals(replace(fit, mail=mail))) == 2


def test_production_refuses_failpoints(fit: Shop) -> None:
    assert refusals(fit, failpoints_set=True) == ["a failpoint is set: it kills the process on purpose"]


def test_every_reason_is_listed_at_once_and_no_secret_is_shown(fit: Shop) -> None:
    unfit = Shop(
        deployment=fit.deployment,
        store=store("postgresql://shop:changeme@db/shop"),
        broker=read_block(BrokerSettings, "", environ={"KAFKA_BOOTSTRAP_SERVERS": "k"}),
        tokens=TokenSettings(),
        event_signing=EventSigningSettings(),
    )

    reasons = refusals(unfit, failpoints_set=True)

    assert len(reasons) == 8
    assert "changeme" not in str(reasons)


@pytest.mark.parametrize("environment", [Environment.DEVELOPMENT, Environment.DEMONSTRATION])
def test_other_environments_are_not_checked(fit: Shop, environment: Environment) -> None:
    unfit = replace(
        fit, deployment=DeploymentSettings(environment=environment), store=store("sqlite:///shop.db")
    )

    check_production(unfit, alert_channel_needed=True, failpoints_set=True)
