"""The `taskrouter` command: output, one-line errors, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.ops.conftest import Centre, parsed, run_command

ACCOUNT = {"TWILIO_ACCOUNT_SID": "AC" + "a" * 32, "TWILIO_AUTH_TOKEN": "t" * 32}


def test_sync_then_status(centre: Centre) -> None:
    """A sync ends with 0 and its batch can be looked up."""
    result = centre.command("sync", "--json")

    assert result.returncode == 0, result.stderr
    shown = parsed(centre.command("batch", "status", "--json"))
    assert shown["batch"] == parsed(result)["batch"]
    assert shown["status"] == "completed"
    assert centre.held() == centre.eligible()


def test_a_dry_run_shows_the_plan_and_changes_nothing(centre: Centre) -> None:
    """One stale worker is shown, and still stale afterwards."""
    centre.command("sync")
    worker = min(centre.workers())
    centre.disturb(worker, queues=[])

    result = centre.command("sync", "--dry-run", "--json")

    assert result.returncode == 0, result.stderr
    assert [item["worker_sid"] for item in parsed(result)["items"]] == [worker]
    assert worker in centre.command("sync", "--dry-run").stdout
    assert centre.held()[worker] == []


def test_a_plan_names_workers_and_queues(centre: Centre) -> None:
    """A reviewer reads names; the SIDs are in the JSON as well."""
    centre.command("sync")
    worker = min(centre.workers())
    centre.disturb(worker, queues=["WQ" + "0" * 32])
    name = centre.client.get(centre.url("Workers", worker)).body["friendly_name"]

    shown = centre.command("sync", "--dry-run").stdout
    found = parsed(centre.command("sync", "--dry-run", "--json"))

    assert name in shown
    assert "Everyone Ops" in shown
    assert "WQ" + "0" * 32 in shown
    assert found["items"][0]["worker_name"] == name
    assert found["queue_names"][centre.queues["Everyone Ops"]] == "Everyone Ops"
    assert "WQ" + "0" * 32 not in found["queue_names"]


def test_a_job_may_expect_no_changes(centre: Centre) -> None:
    """Exit code 0 when all is in line, 1 when a worker is stale, and only for a dry run."""
    centre.command("sync")
    in_line = centre.command("sync", "--dry-run", "--expect-no-changes")
    centre.disturb(min(centre.workers()), queues=[])
    stale = centre.command("sync", "--dry-run", "--expect-no-changes", "--json")

    assert (in_line.returncode, stale.returncode) == (0, 1)
    assert parsed(stale)["stale"] == 1
    assert centre.command("sync", "--expect-no-changes").returncode == 2


def test_verify_reads_the_stack_outputs(centre: Centre, tmp_path: Path) -> None:
    """Run beside a Pulumi project, its outputs say which deployment."""
    outputs = tmp_path / "outputs.json"
    outputs.write_text(
        json.dumps(
            {
                "workspace_sid": centre.target.workspace_sid,
                "sync_service_sid": centre.target.sync_service_sid,
                "functions_url": centre.target.functions_url,
                "callback_url": centre.settings.url,
                "callback_events": list(centre.settings.events),
            }
        )
    )

    result = run_command(
        "--stack-outputs", str(outputs), "verify", "--json", **centre.emulator.environment()
    )

    assert result.returncode == 0, result.stderr
    assert {c["outcome"] for c in parsed(result)["checks"]} == {"passed"}


def test_a_failed_check_is_one_line_and_exit_code_1(centre: Centre) -> None:
    """No traceback; the line names the check."""
    with centre.emulator.fault(kind="function", function="/event-handler", status=200):
        result = centre.command("verify")

    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("error: check callback-signature failed")


def test_a_batch_that_ended_well_needs_no_resume(centre: Centre) -> None:
    """Resuming it shows it and does nothing."""
    centre.command("sync")
    centre.emulator.clear_journal()

    result = centre.command("batch", "resume")

    assert result.returncode == 0, result.stderr
    assert "completed" in result.stdout
    assert centre.functions_called("/batch/process") == 0


def test_an_unknown_batch_is_exit_code_1(centre: Centre) -> None:
    """The line says how long records are kept."""
    result = centre.command("batch", "status", "a" * 20)

    assert result.returncode == 1
    assert "7 days" in result.stderr


def test_missing_credentials_are_exit_code_2() -> None:
    """The line names the variables to set."""
    result = run_command("sync")

    assert result.returncode == 2
    assert "TWILIO_ACCOUNT_SID" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_missing_deployment_is_exit_code_2() -> None:
    """Every missing part is named."""
    result = run_command("--workspace-sid", "WS1", "sync", **ACCOUNT)

    assert result.returncode == 2
    assert "--sync-service-sid, --functions-url" in result.stderr
    assert "--workspace-sid" not in result.stderr


def test_unreadable_stack_outputs_are_exit_code_2(tmp_path: Path) -> None:
    """A file that is no JSON is told apart from one that is not there."""
    broken = tmp_path / "outputs.json"
    broken.write_text("Current stack outputs:")

    absent = run_command("--stack-outputs", str(tmp_path / "no.json"), "sync", **ACCOUNT)
    garbled = run_command("--stack-outputs", str(broken), "sync", **ACCOUNT)

    assert (absent.returncode, garbled.returncode) == (2, 2)
    assert "No such file" in absent.stderr
    assert "pulumi stack output --json" in garbled.stderr


def test_a_functions_url_of_nobody_is_exit_code_2(centre: Centre) -> None:
    """The secret of the batch endpoints is looked for by the domain."""
    centre.command("sync")
    centre.disturb(min(centre.workers()), queues=[])

    result = centre.command("sync", TASKROUTER_FUNCTIONS_URL="https://other-1234-test.twil.io")

    assert result.returncode == 2
    assert "no environment of this account serves 'other-1234-test.twil.io'" in result.stderr


def test_everything_missing_is_named_at_once() -> None:
    """Credentials and deployment in one line, with every way to give them."""
    told = run_command("sync").stderr

    assert told.count("\n") == 1
    for part in (
        "TWILIO_ACCOUNT_SID",
        "TWILIO_API_SECRET",
        "--profile",
        "--stack NAME",
        "--stack-outputs",
        "--workspace-sid, --sync-service-sid, --functions-url",
        "TWILIO_FLEX_WORKSPACE_SID, TWILIO_FLEX_SYNC_SID, TASKROUTER_FUNCTIONS_URL",
    ):
        assert part in told


def test_options_may_stand_on_either_side_and_the_last_one_wins(centre: Centre) -> None:
    """Behind the subcommand they win over those before it, and over the environment."""
    sid = centre.target.workspace_sid
    behind = centre.command("sync", "--dry-run", "--workspace-sid", sid)
    both = centre.command(
        "--workspace-sid", "WS" + "0" * 32, "sync", "--dry-run", f"--workspace-sid={sid}"
    )
    wrong = centre.command("batch", "status", "--sync-service-sid", "IS" + "0" * 32)

    assert behind.returncode == 0, behind.stderr
    assert both.returncode == 0, both.stderr
    assert wrong.returncode == 3 or "no worker-queue-sync batch" in wrong.stderr


def test_errors_are_json_where_json_is_asked_for(centre: Centre) -> None:
    """On standard error, with the name, the exit code and whether to repeat it."""
    refused = centre.command("sync", "--json", TWILIO_AUTH_TOKEN="f" * 32)
    misspelt = run_command("sync", "--json", "--no-such-option")
    unknown = centre.command("batch", "status", "a" * 20, "--json")

    assert [json.loads(r.stderr)["error"]["name"] for r in (refused, misspelt, unknown)] == [
        "Unauthorized",
        "WrongUsage",
        "BatchFailed",
    ]
    for result in (refused, misspelt, unknown):
        assert result.stdout == ""
        error = json.loads(result.stderr)["error"]
        assert error["exit_code"] == result.returncode
        assert set(error) == {"name", "message", "retry_safe", "exit_code"}


def test_wrong_credentials_are_exit_code_3(centre: Centre) -> None:
    """Twilio's refusal is one line, without the token."""
    result = centre.command("sync", TWILIO_AUTH_TOKEN="f" * 32)

    assert result.returncode == 3
    assert "auth token" in result.stderr
    assert "run `pulumi up` first" in result.stderr
    assert "f" * 32 not in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "url",
    ["{domain}", "http://{domain}", "https://{domain}/event-handler", "https://[::1", "https://"],
)
@pytest.mark.parametrize("command", ["doctor", "sync"])
def test_an_address_that_is_none_is_wrong_usage(centre: Centre, command: str, url: str) -> None:
    """It is named, and nothing is asked of anybody."""
    wrong = url.format(domain=centre.target.functions_domain)

    result = centre.command(command, TASKROUTER_FUNCTIONS_URL=wrong)

    assert result.returncode == 2
    assert result.stderr.startswith(f"error: functions URL {wrong!r} is not https://<domain>")
    assert result.stderr.count("\n") == 1
    assert centre.emulator.journal(kind="api") == []
