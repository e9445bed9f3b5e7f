"""What the user is told when the machine lacks something."""


class Problem(Exception):
    """Say in one line what stands in the way and what to do about it.

    Raised wherever a step cannot go on for a reason the user can mend; `main` prints it as
    `error: …` without a traceback and ends with exit code 1. Nothing half done is left behind,
    so running the same command again is always safe.
    """
