"""Write the file of certificates that clients are to trust: the machine's and the emulator's.

A client that is told to trust one file trusts nothing else, so the machine's own certificates
come first in it; what does not go through the proxy keeps working in the same shell.
"""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Mapping
from pathlib import Path

import certifi

_BUNDLE = "bundle.pem"


def default_directory(port: int, environ: Mapping[str, str]) -> Path:
    """Return where the files for the emulator at `port` belong."""
    cache = environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "twilio-emulator" / str(port)


def write_bundle(certificate: str, directory: Path, environ: Mapping[str, str]) -> Path:
    """Write the bundle for an authority's certificate (PEM), and return its path.

    Raises: OSError; a retry is safe.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory.resolve() / _BUNDLE
    content = _trusted(environ).rstrip() + _MARK + certificate.encode()
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{_BUNDLE}-")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    return Path(part).replace(path)


def _trusted(environ: Mapping[str, str]) -> bytes:
    """Read what this shell trusts so far: SSL_CERT_FILE, or the machine's certificates.

    An emulator's part of it is left out: it may be of one that is gone.
    """
    chosen = environ.get("SSL_CERT_FILE")
    places = [Path(chosen)] if chosen else []
    for path in (*places, Path(ssl.get_default_verify_paths().openssl_cafile), *_SYSTEM_BUNDLES):
        if path.is_file():
            return path.read_bytes().partition(_MARK)[0]
    return Path(certifi.where()).read_bytes()


_MARK = b"\n\n# Twilio emulator\n"
_SYSTEM_BUNDLES = (
    Path("/etc/ssl/certs/ca-certificates.crt"),  # Debian, Ubuntu, Arch, Alpine
    Path("/etc/pki/tls/certs/ca-bundle.crt"),  # Fedora, Red Hat
    Path("/etc/ssl/cert.pem"),  # macOS, BSD
)
