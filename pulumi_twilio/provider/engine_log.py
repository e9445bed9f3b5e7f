"""Messages for the user while an operation goes on: shown by the engine beside the resource."""

from __future__ import annotations

import logging
import threading

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

logger = logging.getLogger(__name__)

SHOW_SECONDS = 5.0


class EngineLog:
    """Shows messages through the engine that runs this plugin. Thread-safe."""

    def __init__(self) -> None:
        """Start without an engine; messages go to the plugin's own log."""
        self._lock = threading.Lock()
        self._engine: engine_pb2_grpc.EngineStub | None = None

    def listen_at(self, address: str) -> None:
        """Connect to the engine at this address."""
        with self._lock:
            self._engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))

    def warn(self, urn: str, text: str) -> None:
        """Show a warning beside the resource; a message never fails the operation."""
        logger.warning("%s", text)
        if self._engine is None:
            return
        request = engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=text, urn=urn)
        try:
            self._engine.Log(request, timeout=SHOW_SECONDS)
        except grpc.RpcError as error:
            logger.warning("the engine did not take the message: %s", error.code())
