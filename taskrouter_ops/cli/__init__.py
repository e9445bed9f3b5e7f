"""The `taskrouter` command: one module per command or group, over the functions of the library."""

from taskrouter_ops.cli.application import app

__all__ = ["app"]
