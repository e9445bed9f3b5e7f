"""Getting a Pulumi CLI on machines that have some of what it takes; no network is used."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bootstrap.checkout import Checkout
from bootstrap.problems import Problem
from bootstrap.pulumi_cli import go_build, installing
from tests.bootstrap.machine import make_checkout, script, start_python, wait_until

BASICS = ("chmod", "dirname", "mkdir", "sh", "sleep", "touch")
# A Go that lists two packages, compiles by writing the result, and can be made slow by a file.
GO = """
case "$1 $2" in
"version ") echo "go version go1.26.1 linux/amd64" ;;
"env -json") echo '{{"GOCACHE": "{root}/cache", "GOMODCACHE": "{root}/modules"}}' ;;
"list -mod=readonly")
  if [ "$3" = -m ]; then echo {root}/sdk; exit; fi
  echo "go: downloading x v1" >&2; echo a; echo b ;;
"build -v")
  echo a >&2
  while [ "$1" != -o ]; do shift; done
  mkdir -p "$(dirname "$2")"
  printf '#!/bin/sh\\necho v3.259.0\\n' > "$2"
  chmod +x "$2"
  touch {root}/compiling
  while [ -e {root}/slow ]; do sleep 0.05; done ;;
*) echo "unexpected: $*" >&2; exit 2 ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """Give a checkout that cannot reach the vendor's site."""
    return make_checkout(tmp_path / "checkout")


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the one folder on PATH; it holds what the scripts of these tests call."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in BASICS:
        (folder / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", str(folder))
    return folder


def install_go(tmp_path: Path, programs: Path) -> None:
    """Put a Go on PATH whose caches hold the modules already."""
    executable = tmp_path / "sdk" / "python" / "cmd" / "pulumi-language-python-exec"
    script(executable, "echo executing")
    downloaded = tmp_path / "modules" / f"github.com/pulumi/pulumi/pkg/v3@v{version()}"
    downloaded.mkdir(parents=True)
    script(programs / "go", GO.format(root=tmp_path))


def version() -> str:
    """Return the version the committed go.mod pins."""
    return go_build.pinned_version()


def test_a_good_pulumi_on_path_is_used_as_it_is(checkout: Checkout, programs: Path) -> None:
    """Nothing is installed when the machine has what it takes."""
    script(programs / "pulumi", "echo v3.240.0")
    script(programs / "pulumi-language-python", "true")

    assert installing.set_up(checkout).command == programs / "pulumi"
    assert not checkout.tools.exists()


def test_without_pulumi_network_and_go_one_line_says_what_to_install(
    checkout: Checkout, programs: Path
) -> None:
    """Every way that was tried is named with its reason."""
    script(programs / "pulumi", "echo v3.100.0")

    with pytest.raises(Problem) as raised:
        installing.set_up(checkout)

    text = str(raised.value)
    assert f"{programs / 'pulumi'} is 3.100.0, older than 3.238.0" in text
    assert "its site cannot be reached: no network" in text
    assert "there is no `go` on PATH; install Go 1.25.11 or newer" in text
    assert not (checkout.tools / "pulumi").exists()


def test_an_old_go_is_refused_before_anything_is_built(checkout: Checkout, programs: Path) -> None:
    """The line names the version that is there and the one that is needed."""
    script(programs / "go", 'test "$1" = version && echo "go version go1.21.0 linux/amd64"')

    with pytest.raises(Problem, match=r"is 1\.21\.0; install Go 1\.25\.11 or newer"):
        installing.set_up(checkout)


def test_pulumi_is_built_whole_and_once(tmp_path: Path, checkout: Checkout, programs: Path) -> None:
    """The build holds the CLI, its language host and that host's executable, and is kept."""
    install_go(tmp_path, programs)

    built = installing.set_up(checkout)
    (programs / "go").unlink()
    again = installing.set_up(checkout)

    folder = checkout.tools / "pulumi" / version() / "bin"
    assert built == again == installing.available(checkout)
    assert built.command == folder / "pulumi"
    assert {path.name for path in folder.iterdir()} == {
        "pulumi",
        "pulumi-language-python",
        "pulumi-language-python-exec",
    }
    assert subprocess.run([built.command], capture_output=True, check=True).stdout == b"v3.259.0\n"


def test_a_failed_build_shows_the_compilers_words(
    tmp_path: Path, checkout: Checkout, programs: Path
) -> None:
    """Nothing is left where the CLI would be."""
    install_go(tmp_path, programs)
    failing = (programs / "go").read_text().replace("  echo a >&2\n", "  echo no gcc; exit 1\n")
    script(programs / "go", failing.partition("\n")[2])

    with pytest.raises(Problem, match=r"compiling pulumi failed[^|]*\| no gcc"):
        installing.set_up(checkout)

    assert not (checkout.tools / "pulumi").exists()
    assert list(checkout.building.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "terminated"])
def test_an_interrupted_build_leaves_nothing(
    tmp_path: Path, checkout: Checkout, programs: Path, number: signal.Signals
) -> None:
    """The half-made CLI is gone, and the next run builds it."""
    install_go(tmp_path, programs)
    (tmp_path / "slow").touch()
    process = start_python(
        "import signal\nfrom pathlib import Path\n"
        "from bootstrap.checkout import Checkout\nfrom bootstrap.pulumi_cli import installing\n"
        "signal.signal(signal.SIGTERM, signal.default_int_handler)\n"
        f"installing.set_up(Checkout(Path({str(checkout.root)!r})))"
    )
    wait_until(lambda: (tmp_path / "compiling").exists(), "the compiler")

    process.send_signal(number)
    process.communicate(timeout=30)

    assert process.returncode != 0
    assert not (checkout.tools / "pulumi").exists()
    assert list(checkout.building.iterdir()) == []
    (tmp_path / "slow").unlink()
    assert installing.set_up(checkout).command.exists()


def test_a_vendor_release_that_can_be_fetched_is_taken(checkout: Checkout, programs: Path) -> None:
    """The release that matches the pinned SDK goes below .tools, and Go is not asked for."""
    script(
        checkout.script("python"),
        'test "$2" = bootstrap.pulumi_cli.vendor_release && test "$4" = 3.272.0 || exit 1\n'
        'mkdir -p "$3/bin"; echo release > "$3/bin/pulumi"',
    )

    command = installing.set_up(checkout).command

    assert command == checkout.tools / "pulumi" / "3.272.0" / "bin" / "pulumi"
    assert command.read_text() == "release\n"
    assert not (programs / "go").exists()


def test_an_unreachable_vendor_is_said_in_one_line() -> None:
    """The module that fetches the release turns the network's error into words."""
    environment = {**os.environ, "HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""}
    argv = [sys.executable, "-m", "bootstrap.pulumi_cli.vendor_release", "/nonexistent", "3.272.0"]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stdout.startswith("its site cannot be reached: ")
    assert done.stdout.count("\n") == 1


def test_the_virtual_environment_comes_first_on_the_clis_path(
    checkout: Checkout, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider plugin and the program's Python are the checkout's own."""
    script(programs / "pulumi", "echo v3.240.0")
    script(programs / "pulumi-language-python", "true")
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE", raising=False)

    environment = installing.set_up(checkout).environment(checkout)

    assert environment["PATH"].split(":")[:2] == [str(checkout.venv / "bin"), str(programs)]
    assert environment["PULUMI_CONFIG_PASSPHRASE"] == "local"


def test_the_users_own_passphrase_is_kept(
    checkout: Checkout, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A passphrase file counts as well as the variable itself."""
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", "/run/secrets/passphrase")
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE", raising=False)

    environment = installing.PulumiCli(programs / "pulumi").environment(checkout)

    assert "PULUMI_CONFIG_PASSPHRASE" not in environment
