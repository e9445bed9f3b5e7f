"""The proxy on the emulator's port: what it answers, what it refuses, and what it survives."""

from __future__ import annotations

import base64
import contextlib
import os
import signal
import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from twilio_emulator.testing import RunningEmulator, start_emulator, wait_for

from .clients.tunnels import HOST, URL, answer_to, connect, dial, one_answer, request_text


@pytest.fixture(scope="module")
def trust(emulator: RunningEmulator) -> ssl.SSLContext:
    """Return a client's side of TLS that trusts the emulator alone."""
    return ssl.create_default_context(cadata=emulator.certificate())


@contextlib.contextmanager
def client(emulator: RunningEmulator, trust: ssl.SSLContext) -> Iterator[httpx.Client]:
    """Run an HTTP client that goes through the proxy."""
    with httpx.Client(
        proxy=emulator.base_url,
        verify=trust,
        auth=emulator.credentials,
        trust_env=False,
        limits=httpx.Limits(max_connections=None),
        timeout=60,
    ) as made:
        yield made


def open_files(emulator: RunningEmulator) -> int:
    """Count the emulator's open files."""
    return len(list(Path(f"/proc/{emulator.process.pid}/fd").iterdir()))


@pytest.fixture
def no_leak(emulator: RunningEmulator) -> Iterator[None]:
    """See to it that no connection of a test stays open."""
    emulator.status()  # opens the two connections of these clients, which stay
    emulator.request("GET", URL)
    before = open_files(emulator)
    yield
    wait_for(lambda: open_files(emulator) <= before, what="connections to be closed")


def test_many_requests_go_through_one_tunnel(
    emulator: RunningEmulator, trust: ssl.SSLContext, no_leak: None
) -> None:
    """A tunnel stays open between requests, over HTTP/1.1 and nothing else."""
    context = ssl.create_default_context(cadata=emulator.certificate())
    context.set_alpn_protocols(["h2", "http/1.1"])
    with connect(emulator) as plain, context.wrap_socket(plain, server_hostname=HOST) as tunnel:
        assert tunnel.selected_alpn_protocol() == "http/1.1"
        for _ in range(50):
            tunnel.sendall(request_text(emulator))
            assert b'"key":"workspaces"' in one_answer(tunnel)


def test_requests_sent_ahead_are_answered_in_order(
    emulator: RunningEmulator, trust: ssl.SSLContext, no_leak: None
) -> None:
    """Pipelined requests in a tunnel get their answers one after the other."""
    paths = [f"/v1/Workspaces?PageSize={size}" for size in range(1, 31)]
    sent = b"".join(request_text(emulator, path) for path in paths[:-1])
    sent += request_text(emulator, paths[-1], "Connection: close")
    with connect(emulator) as plain, trust.wrap_socket(plain, server_hostname=HOST) as tunnel:
        tunnel.sendall(sent)
        text = b"".join(iter(lambda: tunnel.recv(65536), b"")).decode()

    sizes = [int(part.split(",")[0].rstrip("}")) for part in text.split('"page_size":')[1:]]
    assert text.count("HTTP/1.1 200") == 30
    assert sizes == list(range(1, 31))


def test_two_hundred_tunnels_at_once(
    emulator: RunningEmulator, trust: ssl.SSLContext, no_leak: None
) -> None:
    """200 clients each get a tunnel, an answer, and leave nothing behind."""
    held = contextlib.ExitStack()

    def ask(_: int) -> bytes:
        plain = held.enter_context(connect(emulator))
        tunnel = held.enter_context(trust.wrap_socket(plain, server_hostname=HOST))
        tunnel.sendall(request_text(emulator))
        return one_answer(tunnel)

    with held, ThreadPoolExecutor(50) as pool:
        before = open_files(emulator)
        answers = list(pool.map(ask, range(200)))
        assert open_files(emulator) >= before + 200

    assert len(set(answers)) == 1


def test_a_large_body_goes_both_ways(
    emulator: RunningEmulator, trust: ssl.SSLContext, no_leak: None
) -> None:
    """Bodies larger than any buffer arrive whole."""
    with client(emulator, trust) as through:
        base = "https://serverless.twilio.com/v1/Services"
        name = {"UniqueName": "large", "FriendlyName": "large"}
        service = through.post(base, data=name).json()["sid"]
        asset = through.post(f"{base}/{service}/Assets", data={"FriendlyName": "big"}).json()["sid"]
        content = os.urandom(3_000_000)
        url = f"https://serverless-upload.twilio.com/v1/Services/{service}/Assets/{asset}/Versions"
        form = {"Path": "/big", "Visibility": "public"}
        answer = through.post(url, data=form, files={"Content": ("big", content, "image/png")})
        version = answer.json()["sid"]
        environment = through.post(
            f"{base}/{service}/Environments", data={"UniqueName": "e", "DomainSuffix": "e"}
        ).json()
        build = through.post(f"{base}/{service}/Builds", data={"AssetVersions": version}).json()
        status = f"{base}/{service}/Builds/{build['sid']}/Status"
        wait_for(lambda: through.get(status).json()["status"] == "completed", what="the build")
        deployments = f"{base}/{service}/Environments/{environment['sid']}/Deployments"
        through.post(deployments, data={"BuildSid": build["sid"]})
        found = through.get(f"https://{environment['domain_name']}/big", auth=("", ""))

    assert found.content == content


@pytest.mark.parametrize(
    ("target", "status", "words"),
    [
        ("example.com:443", 403, "example.com is refused"),
        ("twilio.com.example.com:443", 403, "passes nothing on"),
        ("127.0.0.1:22", 403, "127.0.0.1 is refused"),
        ("[::1]:22", 403, "is refused"),
        ("a_b c.twilio.com:443", 400, ""),
        ("-.twilio.com:443", 403, "is refused"),
        ("api.twilio.com:22", 403, "ports 443 and 80"),
        ("api.twilio.com:", 403, "ports 443 and 80"),
        ("api.twilio.com", 400, ""),
    ],
)
def test_other_places_are_refused(
    emulator: RunningEmulator, no_leak: None, target: str, status: int, words: str
) -> None:
    """Nothing but Twilio's hosts at 443 and 80 can be asked for, and the text says so."""
    text = answer_to(emulator, f"CONNECT {target} HTTP/1.1\r\nHost: x\r\n\r\n").decode()

    assert text.startswith(f"HTTP/1.1 {status} ")
    assert words in text


def test_whole_addresses_are_answered(emulator: RunningEmulator, no_leak: None) -> None:
    """`GET http://host/…` reaches Twilio's hosts and the emulator itself, whatever Host says."""
    credentials = base64.b64encode(":".join(emulator.credentials).encode()).decode()

    def get(url: str) -> str:
        lines = f"GET {url} HTTP/1.1\r\nHost: wrong\r\nConnection: close"
        text = f"{lines}\r\nAuthorization: Basic {credentials}\r\n\r\n"
        return answer_to(emulator, text).decode()

    assert '"page_size":7' in get(f"http://{HOST}/v1/Workspaces?PageSize=7")
    assert '"key":"workspaces"' in get(f"https://{HOST}:443/v1/Workspaces")
    assert get(f"http://{HOST}").startswith("HTTP/1.1 404")
    assert '"pid"' in get(f"http://127.0.0.1:{emulator.port}/_emulator/status")
    for url in ("http://example.com/", "http://127.0.0.1:9/", f"http://{HOST}:8080/", "ftp://x/"):
        assert get(url).startswith("HTTP/1.1 403"), url


def test_a_tunnel_to_port_80_is_plain(emulator: RunningEmulator, no_leak: None) -> None:
    """Clients that tunnel http:// as well are answered without TLS."""
    with connect(emulator, f"{HOST}:80") as tunnel:
        tunnel.sendall(request_text(emulator))
        assert b'"key":"workspaces"' in one_answer(tunnel)


def test_a_tunnel_in_a_tunnel_is_refused(
    emulator: RunningEmulator, trust: ssl.SSLContext, no_leak: None
) -> None:
    """CONNECT inside a tunnel is no way further."""
    with connect(emulator) as plain, trust.wrap_socket(plain, server_hostname=HOST) as tunnel:
        tunnel.sendall(f"CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        assert tunnel.recv(4096).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("garbage", [b"\x00" * 40, b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff"])
def test_garbage_instead_of_a_handshake_ends_the_connection(
    emulator: RunningEmulator, no_leak: None, garbage: bytes
) -> None:
    """What is no TLS is not answered, and costs nobody else anything."""
    with connect(emulator) as tunnel:
        tunnel.sendall(garbage)
        tunnel.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionResetError):
            while tunnel.recv(4096):
                pass

    assert emulator.status()["pid"] == emulator.process.pid


def test_what_is_sent_before_the_consent_is_refused(
    emulator: RunningEmulator, no_leak: None
) -> None:
    """A tunnel is not opened for a client that did not wait for it."""
    text = answer_to(emulator, f"CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}\r\n\r\nearly")

    assert text.startswith(b"HTTP/1.1 400")


def test_a_client_without_trust_gives_up(emulator: RunningEmulator, no_leak: None) -> None:
    """A client that trusts the machine's certificates only refuses the emulator's."""
    with connect(emulator) as plain, pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context(cafile=_public_certificates()).wrap_socket(
            plain, server_hostname=HOST
        )


def _public_certificates() -> str:
    import certifi

    return certifi.where()


def test_a_client_that_leaves_early_leaves_nothing(
    emulator: RunningEmulator, no_leak: None
) -> None:
    """Clients may go at any moment: before, in and after the handshake, and with a request open."""
    trust = ssl.create_default_context(cadata=emulator.certificate())
    for sent in (b"CONN", b"CONNECT a.twilio.com:443 HTTP/1.1\r\nHost: a"):
        with dial(emulator) as connection:
            connection.sendall(sent)
    connect(emulator).close()
    with connect(emulator) as plain:
        plain.sendall(b"\x16\x03\x01\x02\x00\x01")
    with connect(emulator) as plain, trust.wrap_socket(plain, server_hostname=HOST) as tunnel:
        tunnel.sendall(request_text(emulator)[:40])
    with connect(emulator) as plain, trust.wrap_socket(plain, server_hostname=HOST) as tunnel:
        tunnel.sendall(request_text(emulator))


def test_a_dropped_request_resets_the_tunnel(
    emulator: RunningEmulator, trust: ssl.SSLContext, no_leak: None
) -> None:
    """A drop on demand is a reset for the client, and the next tunnel works."""
    with emulator.fault(host=HOST, drop=True, count=1), connect(emulator) as plain:
        # A TLS socket reports a reset as an end; the bare socket below it tells them apart.
        bare = socket.socket(fileno=os.dup(plain.fileno()))
        with bare, trust.wrap_socket(plain, server_hostname=HOST) as tunnel:
            tunnel.sendall(request_text(emulator))
            bare.settimeout(20)
            with pytest.raises(ConnectionResetError):
                b"".join(iter(lambda: bare.recv(4096), b""))
    with client(emulator, trust) as through:
        assert through.get(URL).status_code == 200


def test_own_routes_are_closed_to_tunnels(
    emulator: RunningEmulator, trust: ssl.SSLContext, no_leak: None
) -> None:
    """A page on one of Twilio's names cannot reach the emulator's own routes."""
    with client(emulator, trust) as through:
        answer = through.get(f"https://{HOST}/_emulator/status")

    assert answer.status_code == 403


def test_a_stop_ends_idle_tunnels(tmp_path: Path) -> None:
    """SIGTERM closes open tunnels, with and without a finished handshake, and ends with code 0."""
    with start_emulator(workers=0, data=tmp_path) as running:
        trust = ssl.create_default_context(cadata=running.certificate())
        with (
            connect(running) as waiting,
            connect(running) as plain,
            trust.wrap_socket(plain, server_hostname=HOST) as tunnel,
        ):
            tunnel.sendall(request_text(running))
            one_answer(tunnel)
            running.process.send_signal(signal.SIGTERM)
            assert running.process.wait(30) == 0
            for open_end in (tunnel, waiting):
                with contextlib.suppress(ConnectionResetError, ssl.SSLError):
                    assert open_end.recv(1) == b""


def test_a_data_directory_that_is_gone_is_named(tmp_path: Path) -> None:
    """Without a place for certificates a tunnel is refused with the reason, and HTTP goes on."""
    with start_emulator(workers=0, data=tmp_path / "data") as running:
        (tmp_path / "data" / "certificates").rename(tmp_path / "elsewhere")
        text = answer_to(running, f"CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}\r\n\r\n").decode()

        assert text.startswith("HTTP/1.1 503 ")
        assert "No certificate for taskrouter.twilio.com can be made" in text
        assert running.request("GET", URL).status_code == 200
