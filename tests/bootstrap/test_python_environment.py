"""The virtual environment: what makes it stale, and that it works where it ends up."""

import subprocess
import sys
import venv
from pathlib import Path

import pytest

from bootstrap import python_environment, stamps
from bootstrap.checkout import Checkout
from bootstrap.problems import Problem
from bootstrap.python_environment import inputs, relocate, requirements

PROJECT = """
[build-system]
requires = []
[project]
name = "thing"
dependencies = [{dependency}]
[tool.ruff]
line-length = {length}
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """Give a checkout whose requirements cannot be met by anybody."""
    write_project(tmp_path)
    for name in (*requirements(development=False), *requirements(development=True)):
        (tmp_path / name).write_text("no such requirement ===\n")
    return Checkout(tmp_path)


def write_project(root: Path, dependency: str = "", length: int = 100) -> None:
    """Write pyproject.toml."""
    (root / "pyproject.toml").write_text(PROJECT.format(dependency=dependency, length=length))


def test_only_what_an_installation_reads_makes_it_stale(checkout: Checkout) -> None:
    """A linter's rule does not; a dependency and a pinned version do."""
    files = requirements(development=False)
    before = inputs(checkout, files)

    write_project(checkout.root, length=80)
    assert inputs(checkout, files) == before
    write_project(checkout.root, dependency='"pulumi"')
    changed = inputs(checkout, files)
    assert changed != before
    (checkout.root / files[0]).write_text("other")
    assert inputs(checkout, files) not in {before, changed}


def test_one_with_development_packages_serves_everywhere(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """`make up` after `make test` builds nothing."""
    checkout.venv.mkdir()
    stamp = inputs(checkout, requirements(development=True))
    (checkout.venv / stamps.STAMP).write_text(stamp)

    python_environment.set_up(checkout, development=False)

    assert "current" in capsys.readouterr().out


def test_a_failed_installation_is_never_seen(checkout: Checkout) -> None:
    """The environment that was there stays, and nothing half installed is left."""
    (checkout.venv / "bin").mkdir(parents=True)

    with pytest.raises(Problem, match="installing the pinned packages failed"):
        python_environment.set_up(checkout, development=False)

    assert [path.name for path in checkout.venv.iterdir()] == ["bin"]
    assert list(checkout.building.iterdir()) == []


def test_a_relocated_environment_works_where_it_ends_up(tmp_path: Path) -> None:
    """Its scripts run the interpreter at the new place, and nothing names the old one."""
    work, target = tmp_path / "building" / "venv", tmp_path / ".venv"
    venv.create(work, symlinks=True)
    tool = work / "bin" / "tool"
    tool.write_text(f"#!{work}/bin/python\nimport sys; print(sys.prefix)\n")
    tool.chmod(0o755)

    relocate(work, target)
    work.rename(target)

    told = subprocess.run([target / "bin" / "tool"], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == str(target)
    named = [p for p in (target / "bin").iterdir() if p.is_file() and bytes(work) in p.read_bytes()]
    assert named == []
    assert str(work) not in (target / "pyvenv.cfg").read_text()
    assert (target / "bin" / "python").resolve() == Path(sys.executable).resolve()
