"""Results are skipped when current, appear whole or not at all, and never half made."""

import signal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootstrap.stamps import digest, is_current, replacing
from tests.bootstrap.machine import start_python, wait_until

SLOW_BUILD = """
import signal, sys, time
from pathlib import Path
from bootstrap.stamps import replacing
root = Path({root!r})
signal.signal(signal.SIGTERM, signal.default_int_handler)
with replacing(root / "result", "second", root / "building") as work:
    (work / "half").write_text("made")
    print("half made", flush=True)
    time.sleep(600)
"""


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_digests_tell_every_list_of_inputs_apart(one: list[str], other: list[str]) -> None:
    """Text cannot slide from one input into the next unnoticed."""
    assert (digest(*one) == digest(*other)) == (one == other)


def test_a_file_counts_by_its_content(tmp_path: Path) -> None:
    """A changed lock file makes its result stale."""
    lock = tmp_path / "lock"
    lock.write_text("a")
    before = digest(lock)
    lock.write_text("b")

    assert digest(lock) != before
    assert before == digest("a")


def test_a_result_is_current_only_for_the_inputs_it_was_made_from(tmp_path: Path) -> None:
    """Without a stamp, or with another, a result is not current."""
    result = tmp_path / "result"
    assert not is_current(result, "first")

    with replacing(result, "first", tmp_path / "building") as work:
        (work / "file").write_text("1")
        assert not result.exists()

    assert is_current(result, "first")
    assert not is_current(result, "second")


def test_a_result_that_stood_there_is_replaced_whole(tmp_path: Path) -> None:
    """Nothing of the former result is left beside the new one."""
    result = tmp_path / "result"
    (result / "old").mkdir(parents=True)

    with replacing(result, "first", tmp_path / "building") as work:
        (work / "new").write_text("1")

    assert [path.name for path in sorted(result.iterdir())] == [".setup-stamp", "new"]
    assert list((tmp_path / "building").iterdir()) == []


def test_a_failed_build_leaves_the_former_result(tmp_path: Path) -> None:
    """A failure changes nothing that can be seen."""
    result = tmp_path / "result"
    with replacing(result, "first", tmp_path / "building") as work:
        (work / "file").write_text("1")

    def fail_half_way() -> None:
        with replacing(result, "second", tmp_path / "building") as work:
            (work / "half").write_text("made")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail_half_way()

    assert is_current(result, "first")
    assert not (result / "half").exists()
    assert list((tmp_path / "building").iterdir()) == []


@pytest.mark.parametrize(
    ("number", "cleaned_up"),
    [(signal.SIGINT, True), (signal.SIGTERM, True), (signal.SIGKILL, False)],
    ids=["Ctrl-C", "terminated", "killed"],
)
def test_an_interrupted_build_is_never_seen(
    tmp_path: Path, number: signal.Signals, cleaned_up: bool
) -> None:
    """However a build ends half way, its result is absent; the next build starts clean."""
    process = start_python(SLOW_BUILD.format(root=str(tmp_path)))
    wait_until(lambda: (tmp_path / "building" / "result" / "half").exists(), "half a build")
    process.send_signal(number)
    process.communicate(timeout=30)

    assert not (tmp_path / "result").exists()
    assert (not (tmp_path / "building" / "result").exists()) == cleaned_up

    with replacing(tmp_path / "result", "third", tmp_path / "building") as work:
        assert list(work.iterdir()) == []
    assert is_current(tmp_path / "result", "third")
