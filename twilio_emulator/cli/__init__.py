"""The `twilio-emulator` command."""

from .application import app

__all__ = ["app"]
