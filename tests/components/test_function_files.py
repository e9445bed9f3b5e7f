"""Files become functions and assets by their place and name."""

from pathlib import Path

import pytest

from components.function_files import FunctionFilesError, read_project
from components.naming import child


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Make a project with one function and one dependency."""
    write(tmp_path, "functions/hello.js")
    (tmp_path / "package.json").write_text(
        '{"dependencies": {"twilio": "5.0.0"}, "devDependencies": {"eslint": "9.0.0"}}'
    )
    return tmp_path


def write(root: Path, *names: str) -> None:
    """Make empty files below a folder."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")


def test_functions_lose_their_ending_and_marker(project: Path) -> None:
    """Path from the folder, visibility from the marker before the ending."""
    write(
        project / "functions",
        "event-handler.protected.js",
        "batch/process.js",
        "lib/deep/retry.private.js",
        "v1.2.js",
        "notes.md",
        ".hidden.js",
    )

    served = {each.path: each.visibility for each in read_project(project).functions}

    assert served == {
        "/hello": "public",
        "/batch/process": "public",
        "/event-handler": "protected",
        "/lib/deep/retry": "private",
        "/v1.2": "public",
    }


def test_assets_keep_their_ending(project: Path) -> None:
    """An asset's marker goes, its ending stays."""
    write(project / "assets", "progress.protected.html", "css/site.css", "plain")

    served = {each.path: each.visibility for each in read_project(project).assets}

    assert served == {
        "/progress.html": "protected",
        "/css/site.css": "public",
        "/plain": "public",
    }


def test_assets_may_be_missing_and_only_dependencies_are_deployed(project: Path) -> None:
    """A project needs no assets; what it needs for development stays behind."""
    files = read_project(project)

    assert files.assets == ()
    assert files.dependencies == {"twilio": "5.0.0"}


@pytest.mark.parametrize("namesake", ["functions/hello.protected.js", "assets/hello"])
def test_two_files_at_one_path_are_refused(project: Path, namesake: str) -> None:
    """Nobody has to guess which of two files answers."""
    write(project, namesake)

    with pytest.raises(FunctionFilesError, match=r"would both be served at /hello"):
        read_project(project)


def test_paths_that_name_one_resource_are_refused(project: Path) -> None:
    """`/a-b` and `/a/b` would be one resource in the stack's state."""
    write(project, "functions/a-b.js")
    write(project, "functions/a/b.js")

    with pytest.raises(FunctionFilesError, match="would have the same name"):
        read_project(project)


def test_a_project_without_functions_is_refused(project: Path) -> None:
    """An empty deployment would take the event handler away."""
    (project / "functions" / "hello.js").unlink()

    with pytest.raises(FunctionFilesError, match="there is no function in"):
        read_project(project)


@pytest.mark.parametrize("text", [None, "{", "[]"], ids=["missing", "not JSON", "no object"])
def test_a_package_file_that_cannot_be_read_is_named(project: Path, text: str | None) -> None:
    """The message names the file, whatever is wrong with it."""
    package = project / "package.json"
    package.unlink() if text is None else package.write_text(text)

    with pytest.raises(FunctionFilesError, match=r"package\.json cannot be read"):
        read_project(project)


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
