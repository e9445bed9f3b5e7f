"""`twilio-emulator env`: what it prints for which shell, and what it writes."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import certifi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twilio_emulator.proxy.bundle import default_directory, write_bundle
from twilio_emulator.proxy.environment import NAMES, Shell, setting_lines, unsetting_lines
from twilio_emulator.testing import RunningEmulator

Done = subprocess.CompletedProcess[str]


def env(*options: object, variables: Mapping[str, str] | None = None) -> Done:
    """Run the command."""
    command = [sys.executable, "-m", "twilio_emulator", "env", *map(str, options)]
    return subprocess.run(
        command,
        env={**os.environ, **(variables or {})},
        capture_output=True,
        text=True,
        check=False,
    )


def in_bash(script: str) -> Done:
    """Run a bash script."""
    return subprocess.run(["bash", "-ec", script], capture_output=True, text=True, check=False)


def test_bash_is_told_everything_and_can_forget_it(
    emulator: RunningEmulator, tmp_path: Path
) -> None:
    """The printed lines set every variable, and those of --unset take every one away."""
    printed = env("--port", emulator.port, "--certificates", tmp_path).stdout
    forgotten = env("--unset").stdout
    set_ones = "\n".join(f'printf "%s\\n" "${{{name}-none}}"' for name in NAMES)
    done = in_bash(f"{printed}\n{set_ones}\n{forgotten}\n{set_ones}")
    lines = done.stdout.splitlines()

    assert "none" not in lines[: len(NAMES)]
    assert lines[len(NAMES) :] == ["none"] * len(NAMES)


def test_json_has_the_same_values(emulator: RunningEmulator, tmp_path: Path) -> None:
    """--json gives names and values, --no-proxy those of this package's own tools alone."""
    options = ("--port", emulator.port, "--certificates", tmp_path, "--json")
    found = json.loads(env(*options).stdout)
    own = json.loads(env(*options, "--no-proxy").stdout)

    assert set(found) == set(NAMES)
    assert own == emulator.environment()
    assert own.items() <= found.items()
    assert found["HTTPS_PROXY"] == found["http_proxy"] == emulator.base_url
    assert found["NO_PROXY"] == "localhost,127.0.0.1,::1"


def test_without_an_emulator_the_eval_fails(tmp_path: Path) -> None:
    """One line says what to do, and `eval` of what is printed is a failure, not a silence."""
    done = env("--port", 1, "--certificates", tmp_path)

    assert done.returncode == 3
    assert "twilio-emulator serve" in done.stderr
    assert "Traceback" not in done.stderr
    assert in_bash(f'eval "{done.stdout}"; echo reached').stdout == ""


def test_a_directory_that_cannot_be_written_is_named(
    emulator: RunningEmulator, tmp_path: Path
) -> None:
    """The refusal says which directory, and how to choose another."""
    taken = tmp_path / "file"
    taken.write_text("")
    done = env("--port", emulator.port, "--certificates", taken)

    assert done.returncode == 1
    assert str(taken) in done.stderr
    assert "--certificates" in done.stderr


def test_the_bundle_holds_the_machines_certificates_and_ours(
    emulator: RunningEmulator, tmp_path: Path
) -> None:
    """What was trusted before is trusted still; writing twice adds nothing."""
    certificate = emulator.certificate()
    first = write_bundle(certificate, tmp_path, {"SSL_CERT_FILE": certifi.where()})
    once = first.read_bytes()
    alone = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    alone.load_verify_locations(first)
    usual = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    usual.load_verify_locations(certifi.where())

    assert len(alone.get_ca_certs()) == len(usual.get_ca_certs()) + 1
    assert write_bundle(certificate, tmp_path, {"SSL_CERT_FILE": str(first)}) == first
    assert first.read_bytes() == once
    write_bundle("another", tmp_path, {"SSL_CERT_FILE": str(first)})
    assert certificate not in first.read_text("utf-8")


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"XDG_CACHE_HOME": "/somewhere"}, Path("/somewhere/twilio-emulator/4010")),
        ({}, Path.home() / ".cache/twilio-emulator/4010"),
    ],
)
def test_the_bundle_has_a_place_per_port(environ: dict[str, str], expected: Path) -> None:
    """Files of one port replace each other, so that none pile up."""
    assert default_directory(4010, environ) == expected


@given(st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"])))
def test_values_survive_bash(value: str) -> None:
    """Whatever a path holds is quoted so that bash reads it back."""
    line = setting_lines({"VALUE": value}, Shell.BASH)[0]
    done = subprocess.run(
        [shutil.which("bash") or "bash", "-c", f'{line}\nprintf %s "$VALUE"'],
        capture_output=True,
        check=True,
        env={"LC_ALL": "C.UTF-8"},
    )

    assert done.stdout.decode() == value


def test_other_shells_have_their_own_words() -> None:
    """Fish and PowerShell get their syntax and their quotes."""
    value = {"A": "it's \\ here"}

    assert setting_lines(value, Shell.FISH) == [r"set -gx A 'it\'s \\ here'"]
    assert setting_lines(value, Shell.POWERSHELL) == [r"$env:A = 'it''s \ here'"]
    assert unsetting_lines(["A"], Shell.FISH) == ["set -e A"]
    assert unsetting_lines(["A"], Shell.POWERSHELL)[0].startswith("Remove-Item Env:A")
