"""Which Pulumi CLI is taken, and the reason given for each one that is not."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootstrap.pulumi_cli.choosing import (
    COLD_BUILD_BYTES,
    GIGABYTE,
    MINIMUM_GO,
    MINIMUM_PULUMI,
    GoToolchain,
    PulumiOnPath,
    no_way,
    refuse_go,
    refuse_path,
)
from bootstrap.versions import Version, parse_version

PULUMI = Path("/opt/bin/pulumi")
HOST = Path("/opt/bin/pulumi-language-python")
GO = Path("/opt/go/bin/go")
VERSIONS = st.builds(Version, *[st.integers(0, 5000)] * 3)


@given(version=VERSIONS)
def test_a_version_survives_being_printed_and_read(version: Version) -> None:
    """Reading what a version prints as gives the version."""
    assert parse_version(f"v{version}-alpha.1") == version


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("v3.259.0\n", Version(3, 259, 0)),
        (" go1.26 linux/amd64", Version(1, 26, 0)),
        ("v20.11.1", Version(20, 11, 1)),
        ("3.9.1+dirty", Version(3, 9, 1)),
        ("command not found", None),
        ("", None),
    ],
)
def test_versions_are_read_as_programs_print_them(text: str, version: Version | None) -> None:
    """The first version in a program's answer counts, and a missing patch number is zero."""
    assert parse_version(text) == version


@given(version=VERSIONS)
def test_pulumi_on_path_is_taken_exactly_from_the_minimum_on(version: Version) -> None:
    """Versions compare by number, not by text: 3.1000 is newer than 3.238."""
    taken = refuse_path(PulumiOnPath(PULUMI, version, HOST)) is None

    assert taken == (tuple(version) >= tuple(MINIMUM_PULUMI))


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (None, "there is no `pulumi` on PATH"),
        (PulumiOnPath(PULUMI, None, HOST), "/opt/bin/pulumi does not tell its version"),
        (PulumiOnPath(PULUMI, Version(3, 99, 0), HOST), "is 3.99.0, older than 3.238.0"),
        (PulumiOnPath(PULUMI, Version(3, 259, 0), None), "has no pulumi-language-python"),
    ],
)
def test_a_pulumi_that_is_passed_over_leaves_its_reason(
    found: PulumiOnPath | None, reason: str
) -> None:
    """The user is told what is wrong with the `pulumi` on PATH."""
    assert reason in str(refuse_path(found))


@pytest.mark.parametrize(
    ("go", "reason"),
    [
        (None, "there is no `go` on PATH"),
        (GoToolchain(GO, None, True, COLD_BUILD_BYTES), "not working"),
        (GoToolchain(GO, Version(1, 25, 10), True, COLD_BUILD_BYTES), "install Go 1.25.11"),
        (GoToolchain(GO, MINIMUM_GO, False, 3 * GIGABYTE), "needs 5 GB of free disk"),
        (GoToolchain(GO, MINIMUM_GO, True, GIGABYTE), "needs 2 GB of free disk"),
    ],
)
def test_a_build_that_cannot_be_done_leaves_its_reason(go: GoToolchain | None, reason: str) -> None:
    """Go, its version and the free disk are looked at before minutes are spent."""
    assert reason in str(refuse_go(go))


def test_a_build_needs_less_disk_when_its_modules_are_there() -> None:
    """What Go's caches already hold need not fit again."""
    assert refuse_go(GoToolchain(GO, MINIMUM_GO, True, 3 * GIGABYTE)) is None


def test_when_no_way_is_open_one_line_gives_all_reasons_and_what_to_install() -> None:
    """The last word names every way that was tried."""
    line = no_way("no pulumi", "no network", "no go")

    assert "\n" not in line
    for part in ("no pulumi", "no network", "no go", "Install Pulumi 3.238.0", "Go 1.25.11"):
        assert part in line
