"""What Serverless keeps."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar, Literal

from twilio_emulator.functions_runtime import BundleFile
from twilio_emulator.store import Record

Kind = Literal["function", "asset"]
Visibility = Literal["public", "protected", "private"]
BuildStatus = Literal["building", "completed", "failed"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Service(Record):
    """A Functions service."""

    KIND: ClassVar[str] = "serverless.service"

    unique_name: str
    friendly_name: str
    include_credentials: bool = True
    ui_editable: bool = False
    domain_base: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Environment(Record):
    """An environment: a domain, its variables and the build it runs."""

    KIND: ClassVar[str] = "serverless.environment"

    service_sid: str
    unique_name: str
    domain_suffix: str | None = None
    domain_name: str
    build_sid: str | None = None
    deployment_sid: str | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Variable(Record):
    """A variable of an environment."""

    KIND: ClassVar[str] = "serverless.variable"

    service_sid: str
    environment_sid: str
    key: str
    value: str = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True, kw_only=True)
class File(Record):
    """A function or an asset; path and content live on its versions."""

    KIND: ClassVar[str] = "serverless.file"

    type: Kind
    service_sid: str
    friendly_name: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class FileVersion(Record):
    """One uploaded version of a function or asset; it never changes."""

    KIND: ClassVar[str] = "serverless.version"

    type: Kind
    service_sid: str
    file_sid: str
    path: str
    visibility: Visibility
    content_type: str
    content: bytes = dataclasses.field(repr=False)

    def bundled(self) -> BundleFile:
        """Return what the functions runtime wants to know of this file."""
        return BundleFile(self.type, self.path, self.visibility, self.content)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Build(Record):
    """A build; `log` says what was noted while it was made, which Twilio shows nowhere."""

    KIND: ClassVar[str] = "serverless.build"

    service_sid: str
    status: BuildStatus = "building"
    function_version_sids: list[str]
    asset_version_sids: list[str]
    wanted_dependencies: list[dict[str, str]]
    dependencies: list[dict[str, str]]
    runtime: str
    log: list[str] = dataclasses.field(default_factory=list)

    @property
    def version_sids(self) -> list[str]:
        """List everything the build consists of."""
        return [*self.function_version_sids, *self.asset_version_sids]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Deployment(Record):
    """A build made live in an environment, or (without a build) taken down."""

    KIND: ClassVar[str] = "serverless.deployment"

    service_sid: str
    environment_sid: str
    build_sid: str | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Log(Record):
    """One line a function wrote, or one line about a build."""

    KIND: ClassVar[str] = "serverless.log"

    service_sid: str
    environment_sid: str
    build_sid: str | None = None
    deployment_sid: str | None = None
    function_sid: str | None = None
    request_sid: str | None = None
    level: str
    message: str


WITHIN_ENVIRONMENT: tuple[type[Any], ...] = (Variable, Deployment, Log)
WITHIN_SERVICE: tuple[type[Any], ...] = (
    Environment,
    File,
    FileVersion,
    Build,
    *WITHIN_ENVIRONMENT,
)
RECORDS: tuple[type[Any], ...] = (Service, *WITHIN_SERVICE)
