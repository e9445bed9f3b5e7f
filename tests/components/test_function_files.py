"""Files become functions and assets by their place and name."""

from pathlib import Path

import pytest

from components.function_files import assets_in, dependencies_of, functions_in
from components.naming import child


def write(root: Path, *names: str) -> None:
    """Make empty files below a folder."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")


def test_functions_lose_their_ending_and_marker(tmp_path: Path) -> None:
    """Path from the folder, visibility from the marker before the ending."""
    write(
        tmp_path / "functions",
        "event-handler.protected.js",
        "batch/process.js",
        "lib/deep/retry.private.js",
        "v1.2.js",
        "notes.md",
        ".hidden.js",
    )

    served = {each.path: each.visibility for each in functions_in(tmp_path)}

    assert served == {
        "/batch/process": "public",
        "/event-handler": "protected",
        "/lib/deep/retry": "private",
        "/v1.2": "public",
    }


def test_assets_keep_their_ending(tmp_path: Path) -> None:
    """An asset's marker goes, its ending stays."""
    write(tmp_path / "assets", "progress.protected.html", "css/site.css", "plain")

    served = {each.path: each.visibility for each in assets_in(tmp_path)}

    assert served == {
        "/progress.html": "protected",
        "/css/site.css": "public",
        "/plain": "public",
    }


def test_a_project_without_assets_has_none(tmp_path: Path) -> None:
    """The folder of assets may be missing."""
    assert assets_in(tmp_path) == []


def test_two_files_at_one_path_are_refused(tmp_path: Path) -> None:
    """Nobody has to guess which of two files answers."""
    write(tmp_path / "functions", "a.js", "a.protected.js")

    with pytest.raises(ValueError, match=r"would both be served at /a"):
        functions_in(tmp_path)


def test_dependencies_come_from_the_package_file(tmp_path: Path) -> None:
    """Development dependencies are not deployed."""
    (tmp_path / "package.json").write_text(
        '{"dependencies": {"twilio": "5.0.0"}, "devDependencies": {"eslint": "9.0.0"}}'
    )

    assert dependencies_of(tmp_path) == {"twilio": "5.0.0"}


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("sales", "c-sales"),
        ("/batch/process", "c-batch-process"),
        ("BATCH_SECRET", "c-batch-secret"),
    ],
)
def test_names_are_words_with_hyphens(key: str, name: str) -> None:
    """Keys, paths and constants all give names of one form."""
    assert child("c", key) == name
