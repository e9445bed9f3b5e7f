"""Where credentials come from, and what is said when they do not suffice."""

from __future__ import annotations

import pytest

from twilio_client import CredentialsError, credentials_from

ACCOUNT, OTHER = "AC" + "a" * 32, "AC" + "b" * 32
KEY = "SK" + "c" * 32


def test_configuration_wins_over_environment() -> None:
    """A configured account and token are used whatever the environment holds."""
    settings = credentials_from(
        {"accountSid": ACCOUNT, "authToken": "mine"},
        {"TWILIO_ACCOUNT_SID": OTHER, "TWILIO_AUTH_TOKEN": "theirs"},
    )

    assert (settings.credentials.username, settings.credentials.password) == (ACCOUNT, "mine")


def test_environment_alone() -> None:
    """The environment's account, API key and base URL suffice."""
    settings = credentials_from(
        {},
        {
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_API_KEY": KEY,
            "TWILIO_API_SECRET": "s",
            "TWILIO_BASE_URL": "http://127.0.0.1:4010/",
        },
    )

    assert (settings.credentials.username, settings.credentials.password) == (KEY, "s")
    assert settings.base_url == "http://127.0.0.1:4010"


def test_api_key_calls_and_auth_token_signs() -> None:
    """With both, requests use the API key and the auth token stays there for signing."""
    settings = credentials_from(
        {"accountSid": ACCOUNT, "authToken": "t", "apiKeySid": KEY, "apiKeySecret": "s"}, {}
    )

    assert (settings.credentials.username, settings.credentials.auth_token) == (KEY, "t")


def test_another_accounts_token_is_never_used() -> None:
    """A configured account does not borrow the token of the environment's account."""
    with pytest.raises(CredentialsError, match="no auth token and no API key"):
        credentials_from(
            {"accountSid": ACCOUNT},
            {"TWILIO_ACCOUNT_SID": OTHER, "TWILIO_AUTH_TOKEN": "theirs"},
        )


def test_everything_wrong_is_said_at_once() -> None:
    """All problems stand in one error, with what to set, and no secret."""
    with pytest.raises(CredentialsError) as caught:
        credentials_from({"accountSid": "AC1", "apiKeySecret": "hush", "baseUrl": "localhost"}, {})

    text = str(caught.value)
    assert "account SID 'AC1' is not AC and 32 hexadecimal digits" in text
    assert "no auth token and no API key" in text
    assert "an API key needs both its SID and its secret" in text
    assert "base URL 'localhost' is not an http(s) address" in text
    assert "set the config keys twilio:accountSid" in text
    assert "hush" not in text


def test_secrets_do_not_show() -> None:
    """Neither representation shows a secret."""
    settings = credentials_from({"accountSid": ACCOUNT, "authToken": "hush"}, {})

    assert "hush" not in repr(settings) + str(settings)


@pytest.mark.parametrize(
    "environ",
    [
        {"TWILIO_ACCOUNT_SID": "5ec2e7" * 6, "TWILIO_AUTH_TOKEN": "AC" + "a" * 32},
        {
            "TWILIO_ACCOUNT_SID": "AC" + "a" * 32,
            "TWILIO_API_KEY": "5ec2e7" * 6,
            "TWILIO_API_SECRET": "SK" + "a" * 32,
        },
    ],
    ids=["token", "key"],
)
def test_a_secret_in_the_place_of_a_sid_is_not_shown(environ: dict[str, str]) -> None:
    """Two that were swapped are told without being printed into a log."""
    with pytest.raises(CredentialsError) as caught:
        credentials_from({}, environ)

    assert "SID is not" in str(caught.value)
    assert "5ec2e7" not in str(caught.value)
