"""Tell which version of the emulator this is."""

from __future__ import annotations

from importlib import metadata

_DISTRIBUTIONS = ("twilio-emulator", "pulumi-twilio")


def version() -> str:
    """Return the version of the distribution that brought the emulator here."""
    for name in _DISTRIBUTIONS:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return "0 (not installed)"
