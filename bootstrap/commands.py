"""The commands behind the Makefile's targets."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from bootstrap import (
    checks,
    emulator_process,
    local_stack,
    locking,
    node_packages,
    open_work,
    project_stacks,
    python_environment,
    stamps,
)
from bootstrap.checkout import Checkout, checkout_of_this_file
from bootstrap.console import Timings, say, table
from bootstrap.emulator_process import Settings
from bootstrap.local_stack import LocalStack
from bootstrap.problems import Problem
from bootstrap.proxy_variables import look_past_the_emulator
from bootstrap.pulumi_cli import installing

INTERRUPTED = 130
CACHES = (".mypy_cache", ".ruff_cache", ".pytest_cache", ".import_linter_cache", ".hypothesis")


def main(argv: Sequence[str]) -> int:
    """Run one command.

    Returns: the exit code; 1 with one `error:` line for what the user can mend, 130 after Ctrl-C.
    """
    options = parser().parse_args(argv)
    look_past_the_emulator(os.environ)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        options.run(checkout_of_this_file(), options)
    except Problem as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; what was being made is removed again", file=sys.stderr)
        return INTERRUPTED
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    whole = argparse.ArgumentParser(prog="python3 -m bootstrap", description=__doc__)
    commands = whole.add_subparsers(required=True, metavar="command")
    runs: dict[str, Callable[[Checkout, argparse.Namespace], None]] = {
        "setup": setup,
        "up": up,
        "down": down,
        "emulator": emulator,
        "check": check,
        "test": test,
        "bench-up": bench_up,
        "bench-emulator": bench_emulator,
        "bench-stuck-tasks": bench_stuck_tasks,
        "bench-task-attributes": bench_task_attributes,
        "clean": clean,
    }
    for name, run in runs.items():
        command = commands.add_parser(name, help=str(run.__doc__).splitlines()[0])
        command.set_defaults(run=run)
        if name in {"up", "emulator"}:
            for key, default in asdict(Settings()).items():
                command.add_argument(f"--{key}", type=int, default=default)
    return whole


def make_ready(checkout: Checkout, timings: Timings, *, development: bool) -> installing.PulumiCli:
    """Set up everything the project needs and return the Pulumi CLI to use."""
    make_packages_ready(checkout, timings, development=development)
    with timings.step(installing.STEP):
        cli = installing.set_up(checkout)
    with timings.step(project_stacks.STEP):
        project_stacks.set_up(checkout, cli)
    return cli


def make_packages_ready(checkout: Checkout, timings: Timings, *, development: bool) -> None:
    """Set up the Python and Node packages; what the machine lacks is said before any work."""
    node_packages.require_node()
    with timings.step(python_environment.STEP):
        python_environment.set_up(checkout, development=development)
    with timings.step(node_packages.STEP):
        node_packages.set_up(checkout)


def setup(checkout: Checkout, _options: argparse.Namespace) -> None:
    """Set up packages, the Pulumi CLI and the project's stacks."""
    timings = Timings()
    with locking.sole_use(checkout, "setup"):
        cli = make_ready(checkout, timings, development=False)
    timings.show()
    print(
        "Ready. `make up` deploys to a local Twilio. For plain `pulumi` commands:\n"
        f"  export PATH={checkout.venv / 'bin'}:{cli.command.parent}:$PATH\n"
        f"  export PULUMI_CONFIG_PASSPHRASE={installing.DEFAULT_PASSPHRASE}\n"
        "  pulumi stack select dev && pulumi preview"
    )


def up(checkout: Checkout, options: argparse.Namespace) -> None:
    """Deploy the stack `local` to a local Twilio."""
    timings, wanted = Timings(), settings(options)
    with locking.sole_use(checkout, "up"):
        cli = make_ready(checkout, timings, development=False)
        with timings.step(emulator_process.STEP):
            emulator_process.start(checkout, wanted)
        stack = LocalStack(checkout, cli, options.port)
        with timings.step(local_stack.STEP):
            stack.deploy()
        outputs = stack.outputs()
        outputs_file(checkout).write_text(json.dumps(outputs, indent=2) + "\n")
    timings.show()
    shown = local_stack.shown(outputs)
    print(f"Outputs of stack local\n{shown}\n\n{next_steps(checkout, options.port)}")


def down(checkout: Checkout, _options: argparse.Namespace) -> None:
    """Destroy the stack `local`, stop the local Twilio and forget its data."""
    with locking.sole_use(checkout, "down"):
        cli = installing.available(checkout)
        if cli is not None and checkout.venv.exists():
            take_down(checkout, cli)
        if not emulator_process.stop(checkout):
            say(emulator_process.STEP, "not running")
        # The sample account is made anew by the next `make up`; after a failed destroy it is kept.
        stamps.remove(emulator_process.data_folder(checkout))


def take_down(checkout: Checkout, cli: installing.PulumiCli) -> None:
    """Destroy the stack; its emulator must run for that."""
    former = emulator_process.last_settings(checkout)
    stack = LocalStack(checkout, cli, former.port)
    resources = stack.resource_count()
    if resources is None:
        say(local_stack.STEP, "there is none")
        return
    if resources:
        emulator_process.start(checkout, former)
        open_work.end_open_work(open_work.Emulator.at(checkout, former.port), stack.resources())
        stack.destroy()
    stack.remove()
    say(local_stack.STEP, "destroyed and removed")


def emulator(checkout: Checkout, options: argparse.Namespace) -> None:
    """Run the local Twilio in this terminal."""
    with locking.sole_use(checkout, "emulator"):
        make_packages_ready(checkout, Timings(), development=False)
    record = emulator_process.running(checkout)
    if record is not None:
        raise Problem(
            f"the emulator of `make up` already runs on port {record.settings.port} with the same "
            "data; `make down` stops it."
        )
    wanted = settings(options)
    emulator_process.require_free(wanted.port)
    argv = emulator_process.serve_command(checkout, wanted)
    os.chdir(checkout.root)
    os.execv(argv[0], argv)  # noqa: S606 -- the terminal's Ctrl-C is to reach the emulator alone


def check(checkout: Checkout, _options: argparse.Namespace) -> None:
    """Check format, lint, types, import contracts and generated files."""
    run_checks(checkout, "check", checks.STATIC)


def test(checkout: Checkout, _options: argparse.Namespace) -> None:
    """Run all checks and all tests."""
    run_checks(checkout, "test", (*checks.STATIC, *checks.TESTS))


def run_checks(checkout: Checkout, command: str, wanted: Sequence[checks.Check]) -> None:
    """Set up with the development packages and run checks."""
    timings = Timings()
    with locking.sole_use(checkout, command):
        cli = make_ready(checkout, timings, development=True)
    checks.run(checkout, cli, wanted, timings)


def bench_up(checkout: Checkout, _options: argparse.Namespace) -> None:
    """Time `pulumi up`, preview and refresh of many queues."""
    with locking.sole_use(checkout, "bench-up"):
        cli = make_ready(checkout, Timings(), development=False)
    run_benchmark(checkout, "benchmarks.bench_up", cli.environment(checkout))


def bench_emulator(checkout: Checkout, _options: argparse.Namespace) -> None:
    """Time the local Twilio beside bare endpoints of its framework."""
    with locking.sole_use(checkout, "bench-emulator"):
        make_packages_ready(checkout, Timings(), development=False)
    run_benchmark(checkout, "benchmarks.bench_emulator", dict(os.environ))


def bench_stuck_tasks(checkout: Checkout, _options: argparse.Namespace) -> None:
    """Time the stuck task cleaner beside serial runs."""
    with locking.sole_use(checkout, "bench-stuck-tasks"):
        make_packages_ready(checkout, Timings(), development=False)
    run_benchmark(checkout, "benchmarks.bench_stuck_tasks", dict(os.environ))


def bench_task_attributes(checkout: Checkout, _options: argparse.Namespace) -> None:
    """Let many writers change one task at once, beside clients that lose or repeat."""
    with locking.sole_use(checkout, "bench-task-attributes"):
        make_packages_ready(checkout, Timings(), development=False)
    run_benchmark(checkout, "benchmarks.bench_task_attributes", dict(os.environ))


def run_benchmark(checkout: Checkout, module: str, environment: dict[str, str]) -> None:
    """Run a benchmark with the project's Python, its report on this terminal."""
    argv = [str(checkout.script("python")), "-m", module]
    if subprocess.run(argv, cwd=checkout.root, env=environment, check=False).returncode:
        raise Problem("the benchmark failed, for the reason printed above.")


def clean(checkout: Checkout, _options: argparse.Namespace) -> None:
    """Remove everything the other commands made, also the state of the stacks."""
    with locking.sole_use(checkout, "clean"):
        if emulator_process.running(checkout) is not None:
            raise Problem("the emulator runs; `make down` first.")
        folders = [checkout.root / name / "node_modules" for name in node_packages.FOLDERS]
        caches = [checkout.root / name for name in CACHES]
        for path in (checkout.venv, *folders, *caches, checkout.local, checkout.tools):
            stamps.remove(path)


def settings(options: argparse.Namespace) -> Settings:
    """Return the emulator's settings as the command line gives them.

    Raises: Problem for a port that is none or a negative number of workers.
    """
    if not 1 <= options.port <= 65535:
        raise Problem(f"PORT={options.port} is no port: give one from 1 to 65535.")
    if options.workers < 0:
        raise Problem(f"WORKERS={options.workers} is negative: give 0 or more.")
    return Settings(options.port, options.workers, options.seed)


def outputs_file(checkout: Checkout) -> Path:
    """Return where the outputs of the last deployment are kept, for the `taskrouter` command."""
    return checkout.local / "outputs.json"


def next_steps(checkout: Checkout, port: int) -> str:
    """Return what to try after a deployment, as commands that can be pasted."""
    address = f"http://127.0.0.1:{port}"
    scripts = checkout.venv.relative_to(checkout.root) / "bin"
    again = "make up" if port == local_stack.DEFAULT_PORT else f"make up PORT={port}"
    outputs = outputs_file(checkout).relative_to(checkout.root)
    tries = [
        (f"{address}/_emulator/", "watch it live, in a browser"),
        (f'eval "$({scripts}/twilio-emulator env --port {port})"', "point clients at it"),
        (f"export TASKROUTER_STACK_OUTPUTS={outputs}", "tell taskrouter which contact centre"),
        (f"{scripts}/taskrouter sync --dry-run", "which workers' queues are stale: none"),
        (f"{scripts}/taskrouter verify", "prove again that events arrive"),
        (f"{scripts}/twilio-emulator journal --port {port}", "what was asked of the local Twilio"),
        (again, "deploy what you changed in stacks/base.yaml"),
        ("make down", "destroy it and stop the emulator"),
    ]
    return f"The emulator is at {address}. What to try next:\n{table(tries)}"
