"""The certificate authority: what it signs, where it is kept, and who can read it."""

from __future__ import annotations

import multiprocessing
import ssl
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from twilio_emulator.proxy import certificates
from twilio_emulator.proxy.authority import CERTIFICATE_FILE, HOSTS_KEPT, PAIR_FILE, Authority

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def handshake(server: ssl.SSLContext, authority: bytes, host: str) -> str:
    """Shake hands in memory and return the first name of the certificate."""
    client = ssl.create_default_context(cadata=authority.decode())
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    near = client.wrap_bio(back, there, server_hostname=host)
    far = server.wrap_bio(there, back, server_side=True)
    for _ in range(4):
        for end in (near, far):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    names = near.getpeercert()["subjectAltName"]  # type: ignore[index]
    return str(names[0][1])  # type: ignore[index]


@pytest.mark.parametrize(
    "host",
    [
        "taskrouter.twilio.com",
        "api.ashburn.us1.twilio.com",
        "centre-1234-dev.twil.io",
        f"{'a' * 63}.{'b' * 63}.twilio.com",
    ],
)
def test_a_certificate_is_made_for_any_of_twilios_hosts(host: str) -> None:
    """Names of any depth and length get one that a strict client accepts."""
    authority = Authority(None)

    assert handshake(authority.context(host), authority.certificate, host) == host


@pytest.mark.parametrize("host", ["example.com", "twilio.com.example.com", "mytwilio.com"])
def test_no_other_name_is_trusted(host: str) -> None:
    """Even a certificate signed by the authority is worthless for another domain."""
    authority = Authority(None)

    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
        handshake(authority.context(host), authority.certificate, host)


def test_what_is_kept_is_the_owners_alone(tmp_path: Path) -> None:
    """The directory is closed to others, the key readable by its owner, also if it was opened."""
    directory = tmp_path / "data" / "certificates"
    Authority(directory).make()
    (directory / PAIR_FILE).chmod(0o644)
    Authority(directory).make()

    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert stat.S_IMODE((directory / PAIR_FILE).stat().st_mode) == 0o600
    assert b"PRIVATE" not in (directory / CERTIFICATE_FILE).read_bytes()
    assert {path.name for path in directory.iterdir()} == {PAIR_FILE, CERTIFICATE_FILE}


def test_a_restart_keeps_the_authority(tmp_path: Path) -> None:
    """Clients that trust it go on trusting it; a run-out one is replaced."""
    first = Authority(tmp_path, lambda: NOW).certificate
    later = Authority(tmp_path, lambda: NOW + timedelta(days=3000)).certificate
    much_later = Authority(tmp_path, lambda: NOW + timedelta(days=3650)).certificate

    assert later == first
    assert much_later != first
    assert (tmp_path / CERTIFICATE_FILE).read_bytes() == much_later


def test_in_memory_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a directory there is no file, and every process has an authority of its own."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", None)
    authority = Authority(None)
    authority.context("api.twilio.com")

    assert list(tmp_path.iterdir()) == []
    assert authority.certificate != Authority(None).certificate


def test_a_hosts_certificate_is_renewed_in_time(tmp_path: Path) -> None:
    """It is kept while it is good for a day at least, and made anew before it runs out."""
    moments = [NOW]
    authority = Authority(tmp_path, lambda: moments[-1])
    first = authority.context("api.twilio.com")
    moments.append(NOW + timedelta(days=certificates.HOST_DAYS - 2))
    assert authority.context("api.twilio.com") is first
    moments.append(NOW + timedelta(days=certificates.HOST_DAYS - 1))

    assert authority.context("api.twilio.com") is not first


def test_only_so_many_hosts_are_kept() -> None:
    """Names that clients make up do not fill the memory; the ones in use stay."""
    authority = Authority(None)
    used = authority.context("api.twilio.com")
    for number in range(HOSTS_KEPT):
        authority.context(f"made-up-{number}.twil.io")
        assert authority.context("api.twilio.com") is used


def _certificate(directory: Path) -> bytes:
    return Authority(directory).certificate


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    """Whoever is first makes it, the others take that one."""
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        found = pool.map(_certificate, [tmp_path] * 24)

    assert len(set(found)) == 1
    assert {path.name for path in tmp_path.iterdir()} == {PAIR_FILE, CERTIFICATE_FILE}


@pytest.mark.parametrize("content", [b"", b"no key", "other pair"])
def test_a_broken_file_is_named(tmp_path: Path, content: bytes | str) -> None:
    """What is no authority is refused with the file's name and the way out."""
    if isinstance(content, str):
        other = certificates.authority_certificate(certificates.new_key(), NOW)
        content = certificates.pem(certificates.new_key(), other)
    (tmp_path / PAIR_FILE).write_bytes(content)

    with pytest.raises(OSError, match=rf"{PAIR_FILE} is no certificate authority .*remove it"):
        Authority(tmp_path).make()


def test_the_certificate_says_what_it_is() -> None:
    """Ten years, an authority that signs hosts only, and Twilio's two domains."""
    key = certificates.new_key()
    made = certificates.authority_certificate(key, NOW)
    constraints = made.extensions.get_extension_for_class(x509.NameConstraints)
    basic = made.extensions.get_extension_for_class(x509.BasicConstraints)

    assert made.not_valid_after_utc == NOW + timedelta(days=3650)
    assert (basic.value.ca, basic.value.path_length, basic.critical) == (True, 0, True)
    assert constraints.critical
    assert [name.value for name in constraints.value.permitted_subtrees or ()] == [
        "twilio.com",
        "twil.io",
    ]


def test_a_start_with_a_broken_authority_says_so(tmp_path: Path) -> None:
    """The emulator does not start without its authority, and names the file in one line."""
    (tmp_path / "certificates").mkdir()
    (tmp_path / "certificates" / PAIR_FILE).write_text("broken")
    command = [sys.executable, "-m", "twilio_emulator", "serve", "--port", "0"]
    done = subprocess.run(
        [*command, "--data", str(tmp_path)], capture_output=True, text=True, check=False, timeout=60
    )

    assert done.returncode == 1
    assert f"{PAIR_FILE} is no certificate authority" in done.stderr
    assert "Traceback" not in done.stderr
