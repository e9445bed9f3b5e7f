"""Credentials: proved once, told clearly, never shown."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pulumi.runtime.proto import provider_pb2

from pulumi_twilio.declarations import declarations
from pulumi_twilio.declarations.special import Secret
from pulumi_twilio.provider.codec import encode
from tests.provider.plugin import CheckFailed, Failed, Plugin, Resource, running_plugin, urn
from twilio_emulator.testing import RunningEmulator, start_emulator

QUEUE = "twilio:taskrouter:TaskQueue"
SOMETHING = Resource(QUEUE, f"WS{'0' * 32}/WQ{'0' * 32}", {}, {})


@pytest.fixture(scope="module")
def emulator() -> Iterator[RunningEmulator]:
    """An emulated account."""
    with start_emulator(workers=0) as running:
        yield running


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> Iterator[Plugin]:
    """An unconfigured plugin in an environment without credentials."""
    for name in ("ACCOUNT_SID", "AUTH_TOKEN", "API_KEY", "API_SECRET", "BASE_URL"):
        monkeypatch.delenv(f"TWILIO_{name}", raising=False)
    with running_plugin() as running:
        yield running


def account(emulator: RunningEmulator) -> dict[str, str]:
    """Name the account and where it is."""
    return {"accountSid": emulator.account_sid, "baseUrl": emulator.base_url}


def test_missing_credentials_are_one_failure(plugin: Plugin) -> None:
    """Nothing configured: one failure tells every way to give credentials."""
    with pytest.raises(CheckFailed) as caught:
        plugin.check_config({})

    ((path, reason),) = caught.value.failures
    assert path == ""
    assert "twilio:authToken" in reason
    assert "TWILIO_AUTH_TOKEN" in reason


def test_wrong_credentials_are_one_failure_without_the_secret(
    plugin: Plugin, emulator: RunningEmulator
) -> None:
    """A wrong token is told with the account and the address, never with the token."""
    with pytest.raises(CheckFailed) as caught:
        plugin.check_config({**account(emulator), "authToken": "hunter2hunter2"})

    ((_, reason),) = caught.value.failures
    assert "401" in reason
    assert emulator.account_sid in reason
    assert "hunter2" not in reason


def test_an_address_nobody_answers_at_is_named(plugin: Plugin, emulator: RunningEmulator) -> None:
    """No answer: the failure names the address."""
    config = {"accountSid": emulator.account_sid, "authToken": "x", "baseUrl": "http://127.0.0.1:9"}

    with pytest.raises(CheckFailed, match=r"http://127\.0\.0\.1:9: no answer"):
        plugin.check_config(config)


def test_the_environment_is_enough(
    plugin: Plugin, emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With TWILIO_* set nothing needs configuring; of it only the account enters state."""
    for name, value in emulator.environment().items():
        monkeypatch.setenv(name, value)

    assert plugin.check_config({}) == {"accountSid": emulator.account_sid}


def test_another_account_replaces_and_never_looks_like_gone(
    plugin: Plugin, emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """State knows its account: another one's credentials neither read it nor take it over."""
    other = "AC" + "2" * 32
    for name, value in {**emulator.environment(), "TWILIO_ACCOUNT_SID": other}.items():
        monkeypatch.setenv(name, value)

    diff = plugin.stub.DiffConfig(
        provider_pb2.DiffRequest(
            old_inputs=encode({"accountSid": emulator.account_sid}),
            news=encode({"accountSid": other}),
        )
    )
    stored = provider_pb2.ConfigureRequest(args=encode({"accountSid": emulator.account_sid}))
    plugin.stub.Configure(stored)

    check = provider_pb2.CheckRequest(
        urn=urn("pulumi:providers:twilio"),
        olds=encode({"accountSid": emulator.account_sid}),
        news=encode({}),
    )

    assert list(diff.replaces) == ["accountSid"]
    assert emulator.account_sid in plugin.stub.CheckConfig(check).failures[0].reason
    with pytest.raises(Failed, match=f"environment are of {other}"):
        plugin.read(SOMETHING)


def test_an_api_key_is_enough(plugin: Plugin, emulator: RunningEmulator) -> None:
    """An API key works in place of the auth token."""
    key = {"apiKeySid": emulator.api_key_sid, "apiKeySecret": emulator.api_key_secret}

    plugin.configure({**account(emulator), **key})

    assert plugin.read(SOMETHING) is None


def test_secrets_of_the_configuration_are_secret_in_state(
    plugin: Plugin, emulator: RunningEmulator
) -> None:
    """A token configured in clear is wrapped before it reaches state."""
    config = {**account(emulator), "authToken": emulator.auth_token}

    assert plugin.check_config(config) == {**config, "authToken": Secret(emulator.auth_token)}


def test_unknown_settings_are_refused(plugin: Plugin) -> None:
    """A misspelt setting is named with what was meant."""
    with pytest.raises(CheckFailed, match="did you mean authToken"):
        plugin.check_config({"authTokn": "x"})


def test_many_resources_do_not_repeat_one_mistake(
    plugin: Plugin, emulator: RunningEmulator
) -> None:
    """Without a program (refresh, destroy) the first resource tells, the others refer to it."""
    wrong = {**account(emulator), "authToken": "wrong"}
    plugin.stub.Configure(provider_pb2.ConfigureRequest(args=encode(wrong)))

    with pytest.raises(Failed, match="401"):
        plugin.read(SOMETHING)
    with pytest.raises(Failed, match="the first error says why"):
        plugin.read(SOMETHING)


def test_a_fault_of_the_provider_is_one_line_with_a_hint(
    plugin: Plugin,
    emulator: RunningEmulator,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """An error nobody foresaw is one line; the traceback shows where it is asked for."""
    plugin.configure({**account(emulator), "authToken": emulator.auth_token})
    declaration = declarations()[QUEUE]

    def fail(_: object) -> None:
        raise KeyError("hunter2")

    monkeypatch.setitem(declaration.__dict__, "read", fail)

    with pytest.raises(Failed) as caught:
        plugin.read(SOMETHING)
    quiet = capfd.readouterr().err
    monkeypatch.setenv("PULUMI_TWILIO_TRACEBACK", "1")
    with pytest.raises(Failed):
        plugin.read(SOMETHING)

    assert str(caught.value).count("\n") == 0
    assert "PULUMI_TWILIO_TRACEBACK=1" in str(caught.value)
    assert "Traceback" not in quiet
    assert "Traceback" in capfd.readouterr().err


@pytest.mark.parametrize("type_", ["twilio:taskrouter:Nothing", "twilio:voice:Call"])
def test_an_unknown_type_is_named(plugin: Plugin, type_: str) -> None:
    """A resource this provider does not have is named."""
    with pytest.raises(Failed, match=f"there is no resource {type_}"):
        plugin.check(type_, {})


def test_urns_with_parents_and_colons_are_understood(plugin: Plugin) -> None:
    """The type is the last of a nested type, whatever the resource's name holds."""
    request = provider_pb2.CheckRequest(urn=urn(f"my:component:Queues${QUEUE}", "a::b"))

    answer = plugin.stub.Check(request)

    assert {each.property for each in answer.failures} == {"workspaceSid", "friendlyName"}
