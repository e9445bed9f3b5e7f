"""The stack `local` on the real Pulumi CLI, with a program that needs no Twilio."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bootstrap import local_stack, project_stacks
from bootstrap.checkout import Checkout
from bootstrap.local_stack import LocalStack
from bootstrap.problems import Problem
from bootstrap.pulumi_cli import installing

PROJECT = """
name: small-centre
runtime: python
stackConfigDir: stacks
backend:
  url: file://.local/pulumi?create_dir=true
"""
PROGRAM = """
import pulumi
pulumi.export("baseUrl", pulumi.Config("twilio").get("baseUrl"))
pulumi.export("secret", pulumi.Output.secret("hunter2"))
pulumi.export("nested", {"status": "verified", "count": 3})
"""
SETTINGS = """# The reader's comment.
encryptionsalt: v1:7zzVF1xxXwM=:v1:SdzgMQ3Jcrk5+ApH:WL0ZoY+oykqcGsM4W5aZpRTyTVbUtQ==
config:
  twilio:baseUrl: http://127.0.0.1:4010
"""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """Give a project of one stack, with a home of its own."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in list(os.environ):
        if name.startswith("PULUMI_"):
            monkeypatch.delenv(name)
    root = tmp_path / "checkout"
    (root / "stacks").mkdir(parents=True)
    (root / "Pulumi.yaml").write_text(PROJECT)
    (root / "__main__.py").write_text(PROGRAM)
    (root / "stacks" / "Pulumi.local.yaml").write_text(SETTINGS)
    (root / "stacks" / "Pulumi.production.yaml").write_text("config: {}\n")
    (root / ".venv").symlink_to(sys.prefix)
    return Checkout(root)


@pytest.fixture
def cli() -> installing.PulumiCli:
    """Give the Pulumi CLI of this machine."""
    found = shutil.which("pulumi")
    assert found is not None, "these tests need Pulumi on PATH; `make test` puts it there"
    return installing.PulumiCli(Path(found))


def test_deploying_twice_changes_once_and_taking_it_down_leaves_nothing(
    checkout: Checkout, cli: installing.PulumiCli, capfd: pytest.CaptureFixture[str]
) -> None:
    """The second deployment says that there is nothing to change, and no tracked file does."""
    stack = LocalStack(checkout, cli)

    stack.deploy()
    assert "deployed" in capfd.readouterr().out
    stack.deploy()
    second = capfd.readouterr().out
    outputs = stack.outputs()

    assert "nothing to change" in second
    assert "Updating" not in second
    assert outputs["baseUrl"] == "http://127.0.0.1:4010"
    assert outputs["secret"] == "[secret]"
    assert stack.resource_count() == 1
    assert not list(checkout.local.glob("*.jsonl"))
    stack.destroy()
    stack.remove()
    assert stack.resource_count() is None
    assert project_stacks.settings_file(checkout, "local").read_text() == SETTINGS


def test_another_port_is_told_to_the_program_without_touching_tracked_files(
    checkout: Checkout, cli: installing.PulumiCli
) -> None:
    """The settings for the port are generated below .local."""
    stack = LocalStack(checkout, cli, 4181)

    stack.deploy()

    assert stack.outputs()["baseUrl"] == "http://127.0.0.1:4181"
    assert project_stacks.settings_file(checkout, "local").read_text() == SETTINGS


def test_the_lock_of_a_killed_update_does_not_stop_the_next_one(
    checkout: Checkout, cli: installing.PulumiCli, capfd: pytest.CaptureFixture[str]
) -> None:
    """A lock whose process is gone is taken away, one whose process lives is respected."""
    stack = LocalStack(checkout, cli)
    stack.deploy()
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    folder = checkout.local / "pulumi/.pulumi/locks/organization/small-centre/local"
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / "11111111-2222-3333-4444-555555555555.json"
    holder = {"username": "somebody", "hostname": socket.gethostname(), "timestamp": "2026-11-21"}

    lock.write_text(json.dumps({**holder, "pid": gone.pid}))
    stack.destroy()
    assert "took away the lock" in capfd.readouterr().out

    lock.write_text(json.dumps({**holder, "pid": os.getpid()}))
    with pytest.raises(Problem, match="`pulumi destroy` failed"):
        stack.destroy()
    assert lock.exists()


def test_a_failing_program_is_one_line_after_what_the_cli_printed(
    checkout: Checkout, cli: installing.PulumiCli, capfd: pytest.CaptureFixture[str]
) -> None:
    """The CLI says why, the line says what to do."""
    (checkout.root / "__main__.py").write_text("import pulumi; raise pulumi.RunError('no queues')")

    with pytest.raises(Problem, match=r"`pulumi preview` failed .* run this again"):
        LocalStack(checkout, cli).deploy()

    assert "no queues" in capfd.readouterr().out


def test_stacks_are_made_once_their_passphrase_is_known(
    checkout: Checkout, cli: installing.PulumiCli, capsys: pytest.CaptureFixture[str]
) -> None:
    """A stack without a salt waits for somebody to choose its passphrase."""
    project_stacks.set_up(checkout, cli)
    project_stacks.set_up(checkout, cli)

    assert project_stacks.present(checkout, cli) == {"local": 0}
    assert capsys.readouterr().out.splitlines() == [
        "stacks               made local",
        "stacks               current",
    ]


def test_a_backend_of_the_users_own_is_left_alone(
    checkout: Checkout, cli: installing.PulumiCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stacks are not made where other people may see them."""
    elsewhere = checkout.root / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{elsewhere}")

    project_stacks.set_up(checkout, cli)

    assert project_stacks.present(checkout, cli) == {}
    assert not checkout.local.exists()


def test_a_wrong_passphrase_is_explained(
    checkout: Checkout, cli: installing.PulumiCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line names the variable and the passphrase the stacks are made with."""
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "another project's")

    with pytest.raises(Problem, match=r"incorrect passphrase.*PULUMI_CONFIG_PASSPHRASE"):
        project_stacks.set_up(checkout, cli)


@pytest.mark.parametrize(
    ("events", "kinds"),
    [
        ([], set()),
        ([{"preludeEvent": {}}], set()),
        ([{"summaryEvent": {"resourceChanges": {"same": 3}}}], {"same"}),
        (
            [{"summaryEvent": {"resourceChanges": {"same": 3, "create": 0, "update": 1}}}],
            {"same", "update"},
        ),
    ],
    ids=["empty", "no summary", "unchanged", "changed"],
)
def test_a_previews_summary_tells_the_kinds_of_change(
    tmp_path: Path, events: list[dict[str, object]], kinds: set[str]
) -> None:
    """Only a summary that says so counts as unchanged; without one the update goes on."""
    log = tmp_path / "events.jsonl"
    log.write_text("".join(json.dumps(event) + "\n" for event in events))

    assert local_stack.kinds_of_change(log) == kinds
    assert local_stack.kinds_of_change(tmp_path / "missing") == set()


def test_outputs_are_shown_by_their_path() -> None:
    """Nested outputs become one line each, lists stay JSON."""
    outputs = {"sid": "WS1", "release": {"status": "verified", "checks": ["a"]}, "count": 3}

    assert local_stack.shown(outputs) == (
        "  sid             WS1\n"
        "  release.status  verified\n"
        '  release.checks  ["a"]\n'
        "  count           3"
    )
