"""Refuse a Python that is too old, then run the command.

Written so that Python 3.6 can still read it: an old interpreter must meet a clear line here, not a
syntax error in a module further in.
"""

import sys

MINIMUM_PYTHON = (3, 11)

if sys.version_info < MINIMUM_PYTHON:
    sys.exit(
        "error: Python {}.{} or newer is needed, and {} is {}.{}. Install python3.11 or newer "
        "and name it, for example `make up PYTHON=python3.11`.".format(
            *MINIMUM_PYTHON, sys.executable, *sys.version_info[:2]
        )
    )

from bootstrap.commands import main  # noqa: E402 -- only readable by a new enough Python

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
