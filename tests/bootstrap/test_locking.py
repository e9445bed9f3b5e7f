"""Two commands never work in one checkout at a time."""

from pathlib import Path

import pytest

from bootstrap.checkout import Checkout
from bootstrap.locking import sole_use
from bootstrap.problems import Problem
from tests.bootstrap.machine import start_python

HOLDER = """
import time
from pathlib import Path
from bootstrap.checkout import Checkout
from bootstrap.locking import sole_use
with sole_use(Checkout(Path({root!r})), "setup"):
    print("held", flush=True)
    time.sleep(600)
"""


def test_the_second_command_is_told_which_one_is_at_work(tmp_path: Path) -> None:
    """The line names the command and its process; the lock ends with that process, even killed."""
    checkout = Checkout(tmp_path)
    holder = start_python(HOLDER.format(root=str(tmp_path)))
    assert holder.stdout is not None
    holder.stdout.readline()

    refused = rf"`make setup` \(process {holder.pid}, since .*\) is at work"
    with pytest.raises(Problem, match=refused), sole_use(checkout, "up"):
        pass
    holder.kill()
    holder.communicate(timeout=30)

    with sole_use(checkout, "up"):
        assert "make up" in (checkout.tools / "lock").read_text()
