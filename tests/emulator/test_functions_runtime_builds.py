"""What a build is made of: its folder, its packages, and the runtime's settings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twilio_emulator.functions_runtime import BundleFile, RuntimeSettings, lay_out, resolve
from twilio_emulator.functions_runtime.bundle import Visibility, file_name
from twilio_emulator.functions_runtime.dependencies import BUILT_IN, DEFAULTS, HOST_FOLDER
from twilio_emulator.functions_runtime.settings import PREFIX

INSTALLED = {name: "1.0.0" for name in DEFAULTS if name not in BUILT_IN}
NAMES = st.sampled_from([*DEFAULTS, "left-pad", "@scope/pad"])
ROWS = st.lists(st.builds(lambda name: {"name": name, "version": "1.0.0"}, NAMES), max_size=6)
VISIBILITIES: list[Visibility] = ["public", "protected", "private"]
SEGMENT = st.text(st.sampled_from("ab.-_"), min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("kind", "path", "visibility", "name"),
    [
        ("function", "/event-handler", "protected", "functions/event-handler.protected.js"),
        ("function", "/batch/process", "public", "functions/batch/process.js"),
        ("function", "/lib/plan", "private", "functions/lib/plan.private.js"),
        ("asset", "/data/names.json", "private", "assets/data/names.private.json"),
        ("asset", "/index.html", "public", "assets/index.html"),
    ],
)
def test_files_are_named_as_twilio_names_them(
    kind: str, path: str, visibility: Visibility, name: str
) -> None:
    """A file's name on disk says its path and who may ask for it."""
    file = BundleFile(kind, path, visibility, b"")  # type: ignore[arg-type]

    assert str(file_name(file)) == name


@given(segments=st.lists(SEGMENT, min_size=1, max_size=4), visibility=st.sampled_from(VISIBILITIES))
def test_no_path_leaves_the_folder(segments: list[str], visibility: Visibility) -> None:
    """A path is either refused or names a file below the build's folder."""
    file = BundleFile("function", "/" + "/".join(segments), visibility, b"")
    try:
        name = file_name(file)
    except ValueError:
        assert ".." in segments or set(segments) <= {"."}
        return
    assert name.parts[0] == "functions"
    assert ".." not in name.parts


def test_folder_is_written_once_and_links_declared_packages(tmp_path: Path) -> None:
    """A build's folder has its files and its declared packages, and is not written again."""
    file = BundleFile("function", "/a", "public", b"first")
    folder = tmp_path / "build"

    routes = lay_out([file], ["lodash"], folder)
    lay_out([BundleFile("function", "/a", "public", b"second")], [], folder)

    assert [(route.path, route.file.read_bytes()) for route in routes] == [("/a", b"first")]
    assert [link.name for link in (folder / "node_modules").iterdir()] == ["lodash"]
    assert (folder / "node_modules" / "lodash" / "package.json").is_file()
    assert [entry.name for entry in tmp_path.iterdir()] == ["build"]


@given(wanted=ROWS)
def test_defaults_are_added_once_and_strangers_reported(wanted: list[dict[str, str]]) -> None:
    """Every default is there, nothing wanted is lost, each package that is missing is a problem."""
    resolution = resolve(wanted, INSTALLED)

    names = [row["name"] for row in resolution.dependencies]
    assert names[: len(wanted)] == [row["name"] for row in wanted]
    assert set(names) == {row["name"] for row in wanted} | set(DEFAULTS)
    missing = [row["name"] for row in wanted if row["name"] not in DEFAULTS]
    assert [problem.name for problem in resolution.problems] == missing
    assert resolve(resolution.dependencies, INSTALLED).dependencies == resolution.dependencies


def test_lock_file_pins_versions_and_names_no_registry() -> None:
    """The host's packages are pinned exactly and fetched from whichever registry npm is set to."""
    manifest = json.loads((HOST_FOLDER / "package.json").read_text("utf-8"))
    lock = json.loads((HOST_FOLDER / "package-lock.json").read_text("utf-8"))

    assert all(version[0].isdigit() for version in manifest["dependencies"].values())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert all("integrity" in entry for entry in packages.values())
    assert not any("resolved" in entry for entry in packages.values())


def test_settings_come_from_the_environment() -> None:
    """Variables with the runtime's prefix change its settings; others are not looked at."""
    environ = {PREFIX + "STRICT": "true", PREFIX + "EXECUTION_LIMIT": "2.5", "HOME": "/"}

    settings = RuntimeSettings.from_environment(environ)

    assert settings == RuntimeSettings(strict=True, execution_limit=2.5)


@pytest.mark.parametrize(
    ("name", "value"), [("STRICT", "maybe"), ("WARM_FOR", "0"), ("CONCURRENT", "3")]
)
def test_wrong_settings_are_named(name: str, value: str) -> None:
    """A variable that is unknown or has a wrong value is refused by name."""
    with pytest.raises(ValueError, match=PREFIX + name):
        RuntimeSettings.from_environment({PREFIX + name: value})
