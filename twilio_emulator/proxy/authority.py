"""The emulator's certificate authority: one key, one certificate, and hosts' certificates.

With a data directory it is kept in two files of a directory that only its owner can enter; without
one it lives in memory.
"""

from __future__ import annotations

import contextlib
import os
import ssl
import tempfile
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from . import certificates

PAIR_FILE = "authority.pem"
CERTIFICATE_FILE = "ca.pem"
HOSTS_KEPT = 500
_BEFORE_EXPIRY = timedelta(days=1)


class Authority:
    """Sign certificates for Twilio's hosts.

    `directory` None keeps nothing.  A kept authority that has run out is replaced.

    Raises: OSError from every method when what is kept cannot be read or written.
    """

    def __init__(
        self, directory: Path | None, now: Callable[[], datetime] = certificates.now
    ) -> None:
        self._directory = directory
        self._now = now
        self._hosts: OrderedDict[str, tuple[ssl.SSLContext, datetime]] = OrderedDict()

    def make(self) -> None:
        """Read the kept authority, or make one: now, not when it is first needed."""
        _ = self._pair

    @property
    def certificate(self) -> bytes:
        """The authority's certificate as PEM; it is no secret."""
        return certificates.pem(self._pair[1])

    def context(self, host: str) -> ssl.SSLContext:
        """Return the server's side of TLS for a host.

        Raises: OSError when the machine has no room for the few hundred bytes it is read from.
        """
        found = self._hosts.get(host)
        if found is None or found[1] <= self._now():
            found = self._hosts[host] = self._new_context(host)
        self._hosts.move_to_end(host)
        if len(self._hosts) > HOSTS_KEPT:
            self._hosts.popitem(last=False)
        return found[0]

    @cached_property
    def _pair(self) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        if self._directory is None:
            return _new_pair(self._now())
        return _kept_pair(self._directory, self._now())

    @cached_property
    def _host_key(self) -> ec.EllipticCurvePrivateKey:
        return certificates.new_key()

    def _new_context(self, host: str) -> tuple[ssl.SSLContext, datetime]:
        key, authority = self._pair
        made = certificates.host_certificate(host, self._host_key, authority, key, self._now())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["http/1.1"])
        # OpenSSL's binding reads a key from a file only; this one is gone before a client is.
        with tempfile.NamedTemporaryFile(dir=self._directory) as file:
            file.write(certificates.pem(self._host_key, made))
            file.flush()
            context.load_cert_chain(file.name)
        return context, made.not_valid_after_utc - _BEFORE_EXPIRY


def _new_pair(now: datetime) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = certificates.new_key()
    return key, certificates.authority_certificate(key, now)


def _kept_pair(
    directory: Path, now: datetime
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """Read the authority of a directory, made now if there is none or it has run out."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.chmod(0o700)
    path = directory / PAIR_FILE
    if not path.exists():
        _write_first(path, certificates.pem(*_new_pair(now)))
    pair = _read(path)
    if pair[1].not_valid_after_utc - _BEFORE_EXPIRY <= now:
        _replace(path, certificates.pem(*_new_pair(now)))
        pair = _read(path)
    _replace(directory / CERTIFICATE_FILE, certificates.pem(pair[1]))
    return pair


def _read(path: Path) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    path.chmod(0o600)
    try:
        return certificates.read_pair(path.read_bytes())
    except ValueError as error:
        raise OSError(
            f"{path} is no certificate authority ({error}): remove it to have a new one made"
        ) from error


def _write_first(path: Path, content: bytes) -> None:
    """Write a file unless another process was first: then its content stays."""
    part = _part(path, content)
    with contextlib.suppress(FileExistsError):
        os.link(part, path)
    part.unlink()


def _replace(path: Path, content: bytes) -> None:
    _part(path, content).replace(path)


def _part(path: Path, content: bytes) -> Path:
    """Write a file of its own beside `path`, readable by its owner only."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    return Path(name)
