"""`python -m taskrouter_ops`, the same as the command `taskrouter`."""

from taskrouter_ops.cli import app

app()
