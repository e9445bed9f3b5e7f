"""Where the `taskrouter` command takes its credentials and its deployment from."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.ops.conftest import Centre, parsed, run_command
from tests.ops.pulumi_project import STACK, Project
from twilio_client import urls

OTHER_ACCOUNT = "AC" + "b" * 32
SECRET = "5ec2e7" * 6


def write_profiles(folder: Path, **profiles: dict[str, Any]) -> dict[str, str]:
    """Write profiles as the Twilio CLI does; return the variable that leads to them."""
    content = {"projects": [], "profiles": profiles, "activeProject": next(iter(profiles), None)}
    (folder / "config.json").write_text(json.dumps(content))
    return {"TWILIO_CONFIG_DIR": str(folder)}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Make a project whose stack was never deployed."""
    (tmp_path / "Pulumi.yaml").write_text("name: centre\nruntime: python\n")
    made = Project(tmp_path)
    cli = shutil.which("pulumi")
    assert cli is not None, "no pulumi on PATH: run the tests with `make test`"
    subprocess.run(
        [cli, "stack", "init", STACK, "--non-interactive"],
        cwd=tmp_path,
        env=made.environment(),
        check=True,
        capture_output=True,
    )
    return made


def outputs_of(centre: Centre) -> dict[str, Any]:
    """Return what a stack that deployed the centre exports."""
    return {
        "workspace_sid": centre.target.workspace_sid,
        "sync_service_sid": centre.target.sync_service_sid,
        "functions_url": centre.target.functions_url,
        "callback_url": centre.settings.url,
        "callback_events": list(centre.settings.events),
    }


def address(centre: Centre) -> dict[str, str]:
    """Return the variable that leads to the local Twilio, without credentials."""
    return {"TWILIO_BASE_URL": centre.emulator.base_url}


def test_a_profile_with_a_token_is_enough(centre: Centre, tmp_path: Path) -> None:
    """The Twilio CLI keeps a token as the secret of a key that is the account itself."""
    account, token = centre.emulator.account_sid, centre.emulator.auth_token
    folder = write_profiles(
        tmp_path, support={"accountSid": account, "apiKey": account, "apiSecret": token}
    )
    deployment = {k: v for k, v in centre.variables().items() if "FLEX" in k or "FUNCTIONS" in k}

    result = run_command(
        "sync", "--dry-run", "--profile", "support", **folder, **deployment, **address(centre)
    )

    assert result.returncode == 0, result.stderr


def test_a_profile_with_an_api_key_is_enough(centre: Centre, tmp_path: Path) -> None:
    """The usual profile: a key that the Twilio CLI made for itself."""
    key = centre.client.post(
        urls.api("Accounts", centre.emulator.account_sid, "Keys.json"), {"FriendlyName": "cli"}
    ).body
    folder = write_profiles(
        tmp_path,
        support={
            "accountSid": centre.emulator.account_sid,
            "apiKey": key["sid"],
            "apiSecret": key["secret"],
        },
    )

    result = run_command(
        "doctor",
        "--json",
        "--workspace-sid",
        centre.target.workspace_sid,
        TASKROUTER_PROFILE="support",
        **folder,
        **address(centre),
    )

    assert result.returncode == 0, result.stdout
    assert parsed(result)["findings"][0]["outcome"] == "ok"


def test_a_profiles_secret_never_meets_another_account(centre: Centre, tmp_path: Path) -> None:
    """Nothing is sent where --account-sid names another account."""
    account = centre.emulator.account_sid
    folder = write_profiles(
        tmp_path, support={"accountSid": account, "apiKey": account, "apiSecret": SECRET}
    )

    result = run_command(
        "doctor",
        "--profile",
        "support",
        "--account-sid",
        OTHER_ACCOUNT,
        **folder,
        **address(centre),
    )

    assert result.returncode == 2
    assert f"profile 'support' is of account {account}" in result.stderr
    assert SECRET not in result.stderr
    assert centre.emulator.journal(kind="api") == []


def test_a_profile_wins_over_the_environment(centre: Centre, tmp_path: Path) -> None:
    """Its wrong token is refused, although the environment's is right."""
    account = centre.emulator.account_sid
    folder = write_profiles(
        tmp_path, support={"accountSid": account, "apiKey": account, "apiSecret": SECRET}
    )

    result = centre.command("--profile", "support", "sync", "--dry-run", **folder)

    assert result.returncode == 3
    assert "401" in result.stderr
    assert SECRET not in result.stderr


def test_who_was_given_a_secret_is_told(centre: Centre, tmp_path: Path) -> None:
    """A profile's secret goes where TWILIO_BASE_URL leads, so a refusal says where that is."""
    folder = write_profiles(
        tmp_path,
        production={"accountSid": OTHER_ACCOUNT, "apiKey": OTHER_ACCOUNT, "apiSecret": SECRET},
    )
    deployment = {k: v for k, v in centre.variables().items() if "FLEX" in k or "FUNCTIONS" in k}

    result = run_command(
        "--profile", "production", "sync", **folder, **deployment, **address(centre)
    )
    well = centre.command("doctor", "--json")

    assert result.returncode == 3
    assert f"at {centre.emulator.base_url}: Twilio answered 401" in result.stderr
    assert SECRET not in result.stderr
    assert centre.emulator.base_url in parsed(well)["findings"][0]["found"]


@pytest.mark.parametrize(
    ("profile", "told"),
    [
        (None, "there are: other"),
        ({"accountSid": OTHER_ACCOUNT}, "has no credentials"),
        ({"accountSid": 5, "apiKey": 5, "apiSecret": SECRET}, "has no credentials"),
        ({"accountSid": OTHER_ACCOUNT, "apiKey": ["k"], "apiSecret": SECRET}, "has no credentials"),
        (
            {"accountSid": OTHER_ACCOUNT, "apiKey": "SK1", "apiSecret": SECRET, "region": "ie1"},
            "region ie1",
        ),
        ({"accountSid": OTHER_ACCOUNT, "apiKey": "SK1", "apiSecret": SECRET}, "'SK1' is not SK"),
    ],
    ids=["unknown", "without secret", "numbers", "a list", "other region", "malformed"],
)
def test_an_unusable_profile_is_exit_code_2(
    profile: dict[str, Any] | None, told: str, tmp_path: Path
) -> None:
    """The line says why, and never the secret."""
    profiles = {"other": {}} if profile is None else {"support": profile}
    folder = write_profiles(tmp_path, **profiles)

    result = run_command("doctor", "--profile", "support", **folder)

    assert result.returncode == 2
    assert told in result.stderr
    assert result.stderr.count("\n") == 1
    assert SECRET not in result.stderr


def test_a_garbled_profile_file_is_not_quoted(tmp_path: Path) -> None:
    """The file holds secrets, so an error about it does not repeat any of it."""
    (tmp_path / "config.json").write_text('{"profiles": ' + SECRET)

    result = run_command("doctor", "--profile", "support", TWILIO_CONFIG_DIR=str(tmp_path))

    assert result.returncode == 2
    assert "is not JSON" in result.stderr
    assert SECRET not in result.stderr


def test_a_stack_gives_credentials_and_deployment(centre: Centre, project: Project) -> None:
    """Configuration and outputs of one stack; variables of another deployment do not mix in."""
    project.pulumi("config", "set", "twilio:accountSid", centre.emulator.account_sid)
    project.pulumi("config", "set", "twilio:baseUrl", centre.emulator.base_url)
    project.pulumi("config", "set", "--secret", "twilio:authToken", centre.emulator.auth_token)
    project.deployed(outputs_of(centre))
    elsewhere = {"TWILIO_FLEX_WORKSPACE_SID": "WS" + "0" * 32}

    shown = project.command("sync", "--dry-run", "--stack", STACK, **elsewhere)
    by_variable = project.command("doctor", "--json", TASKROUTER_STACK=STACK)

    assert shown.returncode == 0, shown.stderr
    found = {f["name"]: f for f in parsed(by_variable)["findings"]}
    assert found["callback-settings"]["outcome"] == "ok"
    assert "skipped" not in {f["outcome"] for f in found.values()}


def test_a_stacks_credentials_may_be_in_the_environment(centre: Centre, project: Project) -> None:
    """As for `pulumi up` itself: the stack names the account, the environment has its token."""
    project.pulumi("config", "set", "twilio:accountSid", centre.emulator.account_sid)
    project.deployed(outputs_of(centre))
    mine = centre.emulator.environment()
    others = {**mine, "TWILIO_ACCOUNT_SID": OTHER_ACCOUNT}

    assert project.command("sync", "--dry-run", "--stack", STACK, **mine).returncode == 0
    refused = project.command("sync", "--dry-run", "--stack", STACK, **others)
    assert refused.returncode == 2
    assert f"those in the environment are of {OTHER_ACCOUNT}" in refused.stderr


def test_a_profile_and_a_stack_of_two_accounts_are_refused(project: Project) -> None:
    """A stack of one account is not operated with another's credentials."""
    project.pulumi("config", "set", "twilio:accountSid", "AC" + "a" * 32)
    folder = write_profiles(
        project.folder,
        other={"accountSid": OTHER_ACCOUNT, "apiKey": OTHER_ACCOUNT, "apiSecret": SECRET},
    )

    result = project.command("doctor", "--stack", STACK, "--profile", "other", **folder)

    assert result.returncode == 2
    assert "one account" in result.stderr
    assert SECRET not in result.stderr


def test_events_that_are_none_are_wrong_usage(centre: Centre, tmp_path: Path) -> None:
    """A file of stack outputs that somebody edited is one line."""
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps({**outputs_of(centre), "callback_events": 5}))

    result = centre.command("doctor", "--stack-outputs", str(file))

    assert result.returncode == 2
    assert "callback_events is no list" in result.stderr


def test_a_stack_that_was_never_deployed_says_what_to_do(centre: Centre, project: Project) -> None:
    """The environment's deployment does not take its place."""
    result = project.command("sync", "--stack", STACK, **centre.variables())

    assert result.returncode == 2
    assert f"stack '{STACK}' has no output workspace_sid" in result.stderr
    assert "pulumi up" in result.stderr


def test_a_file_that_was_said_wins_over_the_variables_stack(
    centre: Centre, project: Project
) -> None:
    """Nobody who names a file works on the stack that some profile of the shell exports."""
    project.pulumi("config", "set", "twilio:accountSid", centre.emulator.account_sid)
    project.deployed({**outputs_of(centre), "workspace_sid": "WS" + "0" * 32})
    file = project.folder / "outputs.json"
    file.write_text(json.dumps(outputs_of(centre)))
    given = {**centre.emulator.environment(), "TASKROUTER_STACK": STACK}
    named = ("--stack-outputs", str(file))

    by_option = project.command("sync", "--dry-run", *named, **given)
    behind = project.command(*named, "sync", "--dry-run", **given)
    both = project.command("sync", "--dry-run", "--stack", STACK, *named, **given)

    assert (by_option.returncode, behind.returncode) == (0, 0), by_option.stderr + behind.stderr
    assert both.returncode == 3
    assert "WS" + "0" * 32 in both.stderr


@pytest.mark.parametrize("wrong", ["no-such-stack", "-h"])
def test_a_stack_pulumi_does_not_know_is_one_line(wrong: str, project: Project) -> None:
    """Pulumi's own words, with the command that failed; a name is never taken for an option."""
    result = project.command("doctor", f"--stack={wrong}")

    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "`pulumi config --show-secrets --stack" in result.stderr


def test_a_wrong_passphrase_shows_no_secret(project: Project) -> None:
    """What cannot be decrypted is named by Pulumi."""
    project.pulumi("config", "set", "--secret", "twilio:authToken", SECRET)

    result = project.command("doctor", "--stack", STACK, PULUMI_CONFIG_PASSPHRASE="wrong")

    assert result.returncode == 2
    assert "passphrase" in result.stderr
    assert SECRET not in result.stderr


def test_without_pulumi_the_other_ways_are_named(tmp_path: Path) -> None:
    """The command itself needs no Pulumi."""
    result = run_command("sync", "--stack", STACK, PATH=str(tmp_path))

    assert result.returncode == 2
    assert result.stderr.count("needs the command `pulumi` on PATH") == 1
    assert "--stack-outputs FILE" in result.stderr
