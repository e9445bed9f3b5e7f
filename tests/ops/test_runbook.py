"""docs/runbook.md and docs/examples: every command is run, or is one that there is."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from taskrouter_ops.stuck_tasks import Reason
from tests.ops.command_lines import INLINE, command_lines, problems
from tests.ops.conftest import ROOT, Centre, deployed_centre
from twilio_client.urls import taskrouter

PAGE = ROOT / "docs" / "runbook.md"
EXAMPLES = ROOT / "docs" / "examples"
WORKFLOWS = sorted(EXAMPLES.glob("*.yml"))
# They need Pulumi or change the checkout: only looked at.
NOT_RUN = ("pulumi ", "make ", "git ")
_BLOCK = re.compile(r"^ *```console\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_EXIT_CODE = re.compile(r"# exit code (\d+)")
SET_UP = "Before anything else"


@dataclass
class Section:
    """One part of the page and its commands."""

    heading: str
    commands: list[str] = field(default_factory=list)

    @property
    def run(self) -> list[str]:
        """Return the commands that are run."""
        return [one for one in self.commands if not one.startswith(NOT_RUN)]


def sections() -> list[Section]:
    """Read the page's parts that have commands."""
    found = []
    for part in re.split(r"^## ", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        blocks = "".join(_BLOCK.findall(part))
        commands = [line.strip()[2:] for line in blocks.splitlines() if line.strip()[:2] == "$ "]
        assert len(commands) == sum(bool(line.strip()) for line in blocks.splitlines()), part
        found.append(Section(part.partition("\n")[0], commands))
    return [section for section in found if section.commands]


ALL = sections()
PARTS = [section for section in ALL if section.run and section.heading != SET_UP]


@pytest.fixture(scope="module")
def deployed_here() -> Iterator[Centre]:
    """Deploy to an emulator of its own, since the rehearsals put its state back."""
    with deployed_centre(12) as centre:
        yield centre


@pytest.fixture
def centre(deployed_here: Centre) -> Iterator[Centre]:
    """Lend it in the state of just after the deployment, every worker in line."""
    emulator = deployed_here.emulator
    if "runbook" in [one["name"] for one in emulator.snapshots()]:
        emulator.restore("runbook")
    else:
        assert deployed_here.command("sync").returncode == 0
        deployed_here.callbacks_settled()
        emulator.take_snapshot("runbook")
    yield deployed_here
    emulator.clear_faults()


@pytest.fixture
def checkout(centre: Centre, tmp_path: Path) -> Path:
    """Make a folder that looks like a checkout which was deployed from."""
    bin_folder = tmp_path / ".venv" / "bin"
    bin_folder.mkdir(parents=True)
    for name, module in (("taskrouter", "taskrouter_ops"), ("twilio-emulator", "twilio_emulator")):
        script = bin_folder / name
        command = shlex.join([sys.executable, "-m", module])
        script.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {command} "$@"\n')
        script.chmod(0o755)
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    (tmp_path / ".local").mkdir()
    outputs = {
        "workspace_sid": centre.target.workspace_sid,
        "sync_service_sid": centre.target.sync_service_sid,
        "functions_url": centre.target.functions_url,
        "callback_url": centre.settings.url,
        "callback_events": list(centre.settings.events),
    }
    for name in ("outputs.json", "production.json"):  # of the local stack, and of another
        (tmp_path / ".local" / name).write_text(json.dumps(outputs))
    return tmp_path


def _ran(centre: Centre, checkout: Path, commands: list[str]) -> Iterator[tuple[str, int, str]]:
    """Run commands one after the other in one shell; yield each with exit code and output."""
    script = "".join(
        f"{{ {command.partition('  # ')[0]}\n}} >{at}.log 2>&1; echo $? >{at}.code\n"
        for at, command in enumerate(commands)
    )
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("TWILIO_", "TASKROUTER_"))}
    environ = {
        **plain,
        "TWILIO_BASE_URL": centre.emulator.base_url,
        "TWILIO_EMULATOR_PORT": str(centre.emulator.port),
        "XDG_CACHE_HOME": str(checkout / "cache"),
    }
    subprocess.run(["bash", "-c", script], cwd=checkout, env=environ, check=True, timeout=540)
    for at, command in enumerate(commands):
        code = int((checkout / f"{at}.code").read_text())
        yield command, code, (checkout / f"{at}.log").read_text()


def _filled_in(centre: Centre, command: str) -> str:
    """Put real SIDs and credentials in the place of those that end in an ellipsis."""
    emulator = centre.emulator
    known = {
        "AC…": emulator.account_sid,
        "TWILIO_AUTH_TOKEN=…": f"TWILIO_AUTH_TOKEN={emulator.auth_token}",
    }
    if "WT…" in command:
        known["WT…"] = _task(centre)
    if "WK…" in command:
        known["WK…"] = min(centre.workers())
    for shown, real in known.items():
        command = command.replace(shown, real)
    assert "…" not in command, command
    return command


def _task(centre: Centre) -> str:
    (workflow,) = centre.client.list(centre.url("Workflows"))
    form = {"WorkflowSid": workflow["sid"], "Attributes": {}}
    return str(centre.client.post(centre.url("Tasks"), form).body["sid"])


@pytest.mark.timeout(600)  # rehearsals of lost events wait for them
@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.heading)
def test_every_command_of_a_part_runs(centre: Centre, checkout: Path, part: Section) -> None:
    """One after the other as they stand there; each ends with 0, or with what the page says."""
    set_up = next(section for section in ALL if section.heading == SET_UP)
    commands = [_filled_in(centre, one) for one in (*set_up.run, *part.run)]

    for command, code, told in _ran(centre, checkout, commands):
        stated = _EXIT_CODE.search(command)
        assert code == (int(stated[1]) if stated else 0), f"{command}\n{told}"
        assert "Traceback" not in told, f"{command}\n{told}"


def test_the_rehearsal_closes_what_the_page_says(centre: Centre, checkout: Path) -> None:
    """Five, then six, of 21; and what is left alone is left alone."""
    rehearsal = next(section for section in ALL if section.heading == "Rehearse it")
    last = next(at for at, one in enumerate(rehearsal.run) if "rehearsal-2" in one)
    set_up = next(section for section in ALL if section.heading == SET_UP)
    commands = [_filled_in(centre, one) for one in (*set_up.run, *rehearsal.run[: last + 1])]

    list(_ran(centre, checkout, commands))

    reports = [
        json.loads((checkout / "reports" / f"rehearsal-{n}.json").read_text())["counts"]
        for n in (1, 2)
    ]
    assert [sum(one["closed"].values()) for one in reports] == [5, 6]
    assert [sum(one["closed"][status] for one in reports) for status in ("completed", "canceled")]
    tasks = list(centre.client.list(centre.url("Tasks")))
    ended = [one for one in tasks if one["assignment_status"] in ("completed", "canceled")]
    assert (len(tasks), len(ended)) == (21, 11)
    assert {json.loads(one["attributes"])["call_sid"][-3:] for one in ended} == {
        "e01",
        "e02",
        "e03",
    }


def test_the_page_explains_every_reason() -> None:
    """Each reason for which a task is left alone has a row, and no row is of another time."""
    table = PAGE.read_text("utf-8").partition("| reason | meaning |")[2].partition("\n\n")[0]
    rows = [row.split("|")[1].strip() for row in table.splitlines()[2:]]

    assert rows == [str(reason) for reason in Reason]


def test_every_command_named_in_the_text_is_there() -> None:
    """Subcommands and options, also those between backquotes."""
    text = PAGE.read_text("utf-8")
    blocks = "\n".join(command for section in ALL for command in section.commands)
    lines = [*command_lines(blocks), *(one for span in INLINE.findall(text)
             for one in command_lines(span.replace("…", "")))]  # fmt: skip

    assert len(lines) > 30
    assert [(line, found) for line in lines if (found := problems(line))] == []


@pytest.mark.parametrize(
    "line",
    ["taskrouter sink", "taskrouter sync --dry", "taskrouter --stack x batch status --all"],
)
def test_a_command_that_is_not_there_is_found(line: str) -> None:
    """The check above can fail."""
    (words,) = command_lines(line)

    assert len(problems(words)) == 1


def test_the_files_of_before_are_all_there_is_after_going_back(tmp_path: Path) -> None:
    """A file that came with the bad deployment goes, or it would be deployed again."""
    (line,) = (one for section in ALL for one in section.commands if "GOOD" in one)

    def run(*lines: str) -> str:
        identity = {f"GIT_{who}_{what}": "a" for who in ("AUTHOR", "COMMITTER")
                    for what in ("NAME", "EMAIL")}  # fmt: skip
        environ = {**os.environ, **identity, "HOME": str(tmp_path)}
        done = subprocess.run(["bash", "-ec", "\n".join(lines)], cwd=tmp_path, env=environ,
                              check=True, capture_output=True, text=True)  # fmt: skip
        return done.stdout

    change = "git add . && git commit --quiet --message change"
    run("git init --quiet && mkdir functions && echo good > functions/kept.js", change)
    run("echo bad > functions/kept.js && echo bad > functions/added.js", change)
    run(line.replace("GOOD", "HEAD~1"))

    assert run("cat functions/*") == "good\n"
    assert run("git status --short").split() == [
        "D",
        "functions/added.js",
        "M",
        "functions/kept.js",
    ]


def test_links_lead_somewhere() -> None:
    """Parts of the page and files beside it."""
    text = PAGE.read_text("utf-8")
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}

    for target in re.findall(r"\]\(([^)]+)\)", text):
        file, _, anchor = target.partition("#")
        assert (PAGE.parent / file).exists(), target
        assert not anchor or anchor in anchors, target


MAKE = [one for section in ALL for one in section.commands if one.startswith("make ")]
PULUMI = [one for section in ALL for one in section.commands if one.startswith("pulumi ")]


def test_targets_of_make_are_there() -> None:
    """`make up` and the others stand in the Makefile."""
    makefile = (ROOT / "Makefile").read_text("utf-8")

    assert MAKE
    for command in MAKE:
        assert re.search(rf"^{command.split()[1]}:", makefile, re.MULTILINE), command


def _pulumi() -> str | None:
    folders = sorted(ROOT.glob(".tools/pulumi/*/bin"))
    return shutil.which("pulumi", path=os.pathsep.join(map(str, folders)) + ":" + os.defpath)


@pytest.mark.parametrize("command", sorted({*PULUMI}))
def test_options_of_pulumi_are_there(command: str) -> None:
    """Commands that need a stack are looked up in Pulumi's own help pages."""
    _check_pulumi(shlex.split(command))


def _check_pulumi(words: list[str]) -> None:
    pulumi = _pulumi()
    if pulumi is None:
        pytest.skip("there is no Pulumi CLI: `make setup` brings it")
    names = [word for word in words[1:] if re.fullmatch(r"[a-z]+", word)]
    verb = names[:2] if names[0] == "stack" else names[:1]
    shown = subprocess.run([pulumi, *verb, "--help"], capture_output=True, text=True, check=True)
    for option in (word for word in words if word.startswith("--")):
        assert re.search(rf"{option}\b", shown.stdout), f"{' '.join(verb)} has no {option}"


def _steps(workflow: Path) -> list[dict[str, Any]]:
    jobs = yaml.safe_load(workflow.read_text("utf-8"))["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_runs_commands_that_are_there(workflow: Path) -> None:
    """Each `taskrouter` line is checked against the command, each `pulumi` line against Pulumi."""
    scripts = [step["run"] for step in _steps(workflow) if "run" in step]
    lines = [line for script in scripts for line in command_lines(script.partition("<<")[0])]

    assert lines
    assert [(line, found) for line in lines if (found := problems(line))] == []
    for script in scripts:
        if script.startswith("pulumi "):
            _check_pulumi(shlex.split(script))


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_do_little(workflow: Path) -> None:
    """Read rights only, pinned actions, one run at a time, a time limit, an environment."""
    found = yaml.safe_load(workflow.read_text("utf-8"))

    assert found["permissions"] == {"contents": "read"}
    assert found["concurrency"]["cancel-in-progress"] is False
    assert "schedule" in found[True]  # `on`, as YAML 1.1 reads it
    for job in found["jobs"].values():
        assert job["environment"]
        assert job["timeout-minutes"] <= 60
        assert "permissions" not in job
    for step in _steps(workflow):
        if "uses" in step:
            assert re.search(r"@[0-9a-f]{40}$", step["uses"]), step["uses"]
        # An expression within a script would run what somebody typed into a form.
        assert "${{" not in step.get("run", "")
        assert "continue-on-error" not in step
        installs = "pip install" in step.get("run", "") or "make setup" in step.get("run", "")
        assert not (installs and "secrets." in str(step.get("env", "")))
    assert "secrets." not in str(found.get("env", ""))


def test_the_scheduled_run_only_looks() -> None:
    """`--apply` is in the job alone that a person starts and another one approves."""
    jobs = yaml.safe_load((EXAMPLES / "stuck-tasks.yml").read_text("utf-8"))["jobs"]
    scripts = {name: " ".join(s.get("run", "") for s in job["steps"]) for name, job in jobs.items()}

    assert "--apply" not in scripts["look"]
    assert "--apply" in scripts["close"]
    assert "--max-close" in scripts["close"]
    assert jobs["look"]["if"] == "${{ !inputs.apply }}"
    assert jobs["close"]["if"] == "${{ inputs.apply }}"
    assert jobs["look"]["environment"] != jobs["close"]["environment"]


@pytest.mark.parametrize(("seeded", "fails"), [(True, True), (False, False)])
def test_the_scheduled_steps_run(centre: Centre, checkout: Path, seeded: bool, fails: bool) -> None:
    """The very scripts of the workflow: they fail where tasks are stuck, and nothing is closed."""
    if seeded:
        centre.emulator.seed(yaml.safe_load((EXAMPLES / "stuck-voice.yaml").read_text("utf-8")))
    jobs = yaml.safe_load((EXAMPLES / "stuck-tasks.yml").read_text("utf-8"))["jobs"]
    scripts = [s["run"] for s in jobs["look"]["steps"] if "run" in s and "pip" not in s["run"]]
    environ = {
        "PATH": f"{checkout / '.venv' / 'bin'}:{Path(sys.executable).parent}:{os.defpath}",
        "TWILIO_FLEX_WORKSPACE_SID": centre.target.workspace_sid,
        "EXCLUDE": "orchestration == 'custom'",
        **centre.emulator.environment(),
    }

    ends = [
        subprocess.run(
            ["bash", "-e", "-c", script], cwd=checkout, env=environ, capture_output=True, text=True
        )
        for script in scripts
    ]

    assert [end.returncode for end in ends] == [0, 1 if fails else 0], ends
    assert (checkout / "report.json").exists()
    assert not fails or "11 voice tasks are stuck" in ends[-1].stderr
    closed = centre.client.list(taskrouter("Workspaces", centre.target.workspace_sid, "Tasks"))
    assert {one["assignment_status"] for one in closed}.isdisjoint({"completed", "canceled"})
