"""The plugin executable `pulumi-resource-twilio`: serve the protocol, print the port."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from pulumi_twilio.provider.servicer import TwilioProvider

# The engine bounds what runs at once (--parallel); the pool must never be the narrower gate.
THREADS = 128
MAX_MESSAGE_BYTES = 400 * 1024 * 1024
PARENT_CHECK_SECONDS = 2.0


def main() -> None:
    """Serve one engine until it ends."""
    parent = os.getppid()  # before the engine knows the port: afterwards it may be gone already
    server, port = serve(TwilioProvider(version()))
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    _end_with_parent(server, parent)


def serve(provider: TwilioProvider, port: int = 0) -> tuple[grpc.Server, int]:
    """Start serving on loopback; port 0 takes a free one. Returns the server and the port."""
    options = [
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ]
    server = grpc.server(ThreadPoolExecutor(max_workers=THREADS), options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    return server, bound


def version() -> str:
    """Return the package's version, 0.0.0 where it runs without being installed."""
    try:
        return metadata.version("pulumi-twilio")
    except metadata.PackageNotFoundError:
        return "0.0.0"


def _end_with_parent(server: grpc.Server, parent: int) -> None:
    # An engine that is killed cannot stop its plugins: they must notice themselves.
    ended = threading.Event()
    while os.getppid() == parent:
        ended.wait(PARENT_CHECK_SECONDS)
    server.stop(grace=None)


if __name__ == "__main__":
    main()
