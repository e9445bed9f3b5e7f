"""Answer requests to `*.twil.io`: find the file, check who may ask, run the function."""

from __future__ import annotations

import hashlib
import json
import mimetypes
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from twilio_emulator.accounts.records import Account
from twilio_emulator.assumptions import ASSET_HEADERS
from twilio_emulator.functions_runtime import (
    Answered,
    Crashed,
    FunctionPool,
    Invocation,
    LogLine,
    Outcome,
    Program,
    Route,
    RuntimeNotInstalled,
    RuntimeSettings,
    Saturated,
    TimedOut,
    installed_packages,
    lay_out,
    resolve,
)
from twilio_emulator.wire import ApiError, FunctionRequest, FunctionResponse
from twilio_emulator.wire.signature import is_signed

from . import rules
from .logs import forget_old
from .records import Build, Environment, FileVersion, Log, Service, Variable

if TYPE_CHECKING:
    from twilio_emulator.emulator import Emulator

UNSIGNED_STATUS = 403
"""Answer to a protected file without a valid signature.

Source: CONFLICT. Twilio's support article and practice say 403, the request-flow page 400.
"""
PRIVATE_FUNCTION_STATUS = 404
PRIVATE_ASSET_STATUS = 403
TIMEOUT_STATUS, TIMEOUT_CODE = 504, 82002
"""Answer to a function that ran into the execution limit (assumed; 82002 is its debugger code)."""
ROOT_DOCUMENT = "/assets/index.html"
_PREFLIGHT = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Headers", "*"),
    ("Access-Control-Allow-Methods", "GET, POST, OPTIONS"),
    ("Access-Control-Expose-Headers", "ETag"),
    ("Access-Control-Max-Age", "86400"),
)
"""Source: Functions, headers and cookies, limitations (origin, headers); @twilio/runtime-handler
2.1.0 (the others, and the status), which lists headers where the page says `*`."""
_OVER_LIMIT_CODE = 20429
_CRASHED_CODE = 20500
_LEVELS = {"INFO": "info", "WARN": "warn", "ERROR": "error"}
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1", "localhost": "127.0.0.1"}


class Invocations:
    """The functions of all environments, and the processes that run them."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._store = emulator.store
        self._folder: Path | None = None
        self._routes: dict[str, Sequence[Route]] = {}
        self._pool: FunctionPool | None = None
        self.settings = RuntimeSettings.from_environment(os.environ)

    @property
    def pool(self) -> FunctionPool:
        """The processes; started on first use."""
        if self._pool is None:
            settings = self._emulator.settings
            host = _LOOPBACK.get(settings.host, settings.host)
            address = f"{host}:{self._emulator.port}"
            self._pool = FunctionPool(address, self.settings, self._emulator.limits.enforced)
        return self._pool

    async def stop(self) -> None:
        """End all processes."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
            self._routes.clear()

    async def handle(self, request: FunctionRequest) -> FunctionResponse:
        """Answer one request to a functions domain."""
        environment = self.environment(request.host)
        version = self._version(environment, unquote(request.path))
        if environment is None or version is None:
            return _text(404, "Could not find requested resource")
        if refusal := self._refusal(request, version):
            return refusal
        if request.method == "OPTIONS":
            return FunctionResponse(204, _PREFLIGHT)
        if version.type == "asset":
            return _asset(request, version)
        try:
            program = self._program(environment)
        except RuntimeNotInstalled as missing:
            return _error(500, _CRASHED_CODE, str(missing))
        outcome = await self.pool.invoke(program, environment.account_sid, _invocation(request))
        self._keep_logs(environment, version, outcome)
        return _response(outcome, self.settings)

    def environment(self, host: str) -> Environment | None:
        """Find the environment that answers at a host."""
        index = self._store[Environment].index("domain", lambda item: item.domain_name)
        return index.first(host.lower())

    def _version(self, environment: Environment | None, path: str) -> FileVersion | None:
        if environment is None or environment.build_sid is None:
            return None
        files = {version.path: version for version in self._files(environment.build_sid)}
        return files.get(path) or (files.get(ROOT_DOCUMENT) if path == "/" else None)

    def _files(self, build_sid: str) -> Sequence[FileVersion]:
        build = self._store[Build].get(build_sid)
        sids = build.version_sids if build is not None else []
        found = (self._store[FileVersion].get(sid) for sid in sids)
        return [version for version in found if version is not None]

    def _refusal(self, request: FunctionRequest, version: FileVersion) -> FunctionResponse | None:
        if version.visibility == "private":
            if version.type == "asset":
                return _text(PRIVATE_ASSET_STATUS, "This asset has been marked as private")
            return _text(PRIVATE_FUNCTION_STATUS, "Could not find requested resource")
        # A browser's preflight never carries a signature; the runtime answers it for any file.
        if version.visibility == "public" or request.method == "OPTIONS":
            return None
        account = self._store[Account].get(version.account_sid)
        if account is not None and is_signed(request, account.auth_token):
            return None
        return _text(
            UNSIGNED_STATUS, "Unauthorized - you are not authenticated to perform this request"
        )

    def _program(self, environment: Environment) -> Program:
        build = self._store[Build].get(environment.build_sid or "")
        assert build is not None  # noqa: S101 - a live build cannot be deleted
        directory = self._builds() / build.sid
        return Program(
            environment_sid=environment.sid,
            directory=directory,
            domain=environment.domain_name,
            variables=self._variables(environment),
            routes=self._laid_out(build, directory),
        )

    def _laid_out(self, build: Build, directory: Path) -> Sequence[Route]:
        if build.sid not in self._routes:
            packages = resolve(build.wanted_dependencies, installed_packages()).packages
            files = [version.bundled() for version in self._files(build.sid)]
            self._routes[build.sid] = lay_out(files, packages, directory)
        return self._routes[build.sid]

    def _builds(self) -> Path:
        """Return the folder of all builds; it is made anew by each process."""
        if self._folder is None:
            data = self._emulator.settings.data
            if data is None:
                self._folder = Path(tempfile.mkdtemp(prefix="twilio-builds-"))
            else:
                self._folder = data.resolve() / "builds"
                shutil.rmtree(self._folder, ignore_errors=True)
        return self._folder

    def _variables(self, environment: Environment) -> dict[str, str]:
        own = rules.of_environment(self._store, Variable, environment.sid)
        variables = {variable.key: variable.value for variable in own}
        service = self._store[Service].get(environment.service_sid)
        account = self._store[Account].get(environment.account_sid)
        if service is not None and service.include_credentials and account is not None:
            variables |= {"ACCOUNT_SID": account.sid, "AUTH_TOKEN": account.auth_token}
        return variables | {
            "SERVICE_SID": environment.service_sid,
            "ENVIRONMENT_SID": environment.sid,
        }

    def _keep_logs(self, environment: Environment, version: FileVersion, outcome: Outcome) -> None:
        lines = _lines(outcome)
        is_gone = self._pool is None or self._store[Environment].get(environment.sid) is None
        if not lines or is_gone:
            return
        with self._store.transaction():
            now = self._store.clock.now()
            request_sid = self._store.new_sid("RQ")
            for line in lines:
                self._store.put(
                    Log(
                        sid=self._store.new_sid("NO"),
                        account_sid=environment.account_sid,
                        date_created=now,
                        date_updated=now,
                        service_sid=environment.service_sid,
                        environment_sid=environment.sid,
                        build_sid=environment.build_sid,
                        deployment_sid=environment.deployment_sid,
                        function_sid=version.file_sid,
                        request_sid=request_sid,
                        level=_LEVELS[line.level],
                        message=line.message,
                    )
                )
            forget_old(self._store, environment.sid)


def _invocation(request: FunctionRequest) -> Invocation:
    target = request.path + (f"?{request.query}" if request.query else "")
    headers = [(k, v) for k, v in request.headers if k.lower() != "host"]
    headers.insert(0, ("Host", request.host))
    encoded = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in headers]
    return Invocation(request.method, target.encode("latin-1"), encoded, request.body)


def _lines(outcome: Outcome) -> Sequence[LogLine]:
    match outcome:
        case Saturated():
            return []
        case TimedOut():
            return [*outcome.logs, LogLine("ERROR", "runtime application timed out")]
        case Answered() | Crashed():
            return outcome.logs


def _response(outcome: Outcome, settings: RuntimeSettings) -> FunctionResponse:
    match outcome:
        case Answered():
            headers = tuple(
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in outcome.headers
                if name.lower() != b"content-length"
            )
            return FunctionResponse(outcome.status, headers, outcome.body)
        case TimedOut():
            message = f"runtime application timed out after {settings.execution_limit:g} s"
            return _error(TIMEOUT_STATUS, TIMEOUT_CODE, message)
        case Saturated():
            message = f"Too many concurrent function executions (the limit is {outcome.limit})"
            return _error(429, _OVER_LIMIT_CODE, message)
        case Crashed():
            reason = outcome.reason.strip().partition("\n")[0]
            return _error(500, _CRASHED_CODE, f"the function's process ended: {reason}")


def _error(status: int, code: int, message: str) -> FunctionResponse:
    body = json.dumps(ApiError(status, code, message).envelope).encode()
    return FunctionResponse(status, (("Content-Type", "application/json"),), body)


def _text(status: int, message: str) -> FunctionResponse:
    headers = (("Content-Type", "text/plain; charset=utf-8"),)
    return FunctionResponse(status, headers, message.encode())


def _asset(request: FunctionRequest, version: FileVersion) -> FunctionResponse:
    etag = f'"{hashlib.sha256(version.content).hexdigest()[:32]}"'
    if request.header("If-None-Match") == etag:
        return FunctionResponse(304, (*ASSET_HEADERS, ("ETag", etag)))
    content_type = version.content_type
    if content_type == "application/octet-stream":
        content_type = mimetypes.guess_type(version.path)[0] or content_type
    headers = (*ASSET_HEADERS, ("Content-Type", content_type), ("ETag", etag))
    return FunctionResponse(200, headers, version.content)
