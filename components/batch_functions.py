"""The Twilio Functions that handle events and run batches.

Owns: the service, its environment and variables (the batch secret among them), one Function
per file of `functions/functions`, one Asset per file of `functions/assets`, the build and its
deployment, and what the functions leave on workers (`queues`, `queues_digest`).

The workers' attributes are declared before the deployment: on removal the functions that keep
them are gone first, and nobody writes them again. Variables come before it too, so that no
function runs without them. Whatever calls a function (the event callback, a workflow) depends on
the deployment in turn, and so is gone, or calls somebody else, before the functions are.

Type: `contactcentre:index:BatchFunctions`. Children: `twilio:serverless:` Service, Environment,
Variable, Function, Asset, Build, Deployment and `twilio:taskrouter:WorkerQueueAttributes`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

import pulumi

from components.definition.model import ConfigValue, Functions
from components.function_files import (
    FunctionFiles,
    FunctionFilesError,
    ServedFile,
    read_project,
)
from components.naming import child
from pulumi_twilio.resources import serverless, taskrouter
from taskrouter_ops.functions_environment import BATCH_SECRET
from taskrouter_ops.target import event_handler_url

Served = TypeVar("Served", serverless.Function, serverless.Asset)


@dataclass(frozen=True)
class BatchFunctionsArgs:
    """What is deployed, and which workspace and Sync service it works on.

    `project` is the folder with `functions/`, `assets/` and `package.json`.
    """

    workspace_sid: pulumi.Input[str]
    sync_service_sid: pulumi.Input[str]
    functions: Functions
    project: Path = Path("functions")


class BatchFunctions(pulumi.ComponentResource):
    """Keeps every worker's queues right, from events and in batches."""

    url: pulumi.Output[str]
    """`https://<domain>`, the same from one deployment to the next, so that a changed function
    does not show as a change of whatever calls it. Who takes it has to depend on `deployment`."""
    deployment: pulumi.Resource
    """What makes the functions answer."""
    event_handler_url: pulumi.Output[str]
    """Where the workspace reports its events; see `url`."""
    deployment_sid: pulumi.Output[str]
    """The deployment: another one whenever something else answers at `url`."""

    def __init__(
        self, name: str, args: BatchFunctionsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the functions from their files."""
        super().__init__("contactcentre:index:BatchFunctions", name, {}, opts)
        self._prefix = name
        self._service = self._new_service(args.functions)
        self._environment = self._new_environment(args.functions)
        attributes = taskrouter.WorkerQueueAttributes(
            child(name, "worker-queue-attributes"),
            workspace_sid=args.workspace_sid,
            opts=self._options(),
        )
        variables = self._variables(args)
        build = self._build(args)
        self.deployment = deployment = self._deployment(build, [attributes, *variables])
        self.deployment_sid = cast("pulumi.Output[str]", deployment.sid)
        self.url = self._environment.domain_name.apply(lambda domain: f"https://{domain}")
        self.event_handler_url = self.url.apply(event_handler_url)
        self.register_outputs({"url": self.url, "deploymentSid": self.deployment_sid})

    def _options(self, *depends_on: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(depends_on))

    def _new_service(self, functions: Functions) -> serverless.Service:
        return serverless.Service(
            self._prefix,
            unique_name=functions.service,
            friendly_name=functions.friendly_name or functions.service,
            ui_editable=functions.ui_editable,
            opts=self._options(),
        )

    def _new_environment(self, functions: Functions) -> serverless.Environment:
        return serverless.Environment(
            child(self._prefix, "environment"),
            service_sid=self._service.sid,
            unique_name=functions.environment,
            domain_suffix=functions.domain_suffix,
            opts=self._options(),
        )

    def _variables(self, args: BatchFunctionsArgs) -> list[pulumi.Resource]:
        """Declare all variables; the batch secret has no value here, the provider makes one."""
        values: dict[str, pulumi.Input[str] | None] = {
            "TWILIO_FLEX_WORKSPACE_SID": args.workspace_sid,
            "TWILIO_FLEX_SYNC_SID": args.sync_service_sid,
            BATCH_SECRET: None,
            **_configured(args.functions.variables),
        }
        return [self._variable(key, value) for key, value in values.items()]

    def _variable(self, key: str, value: pulumi.Input[str] | None) -> pulumi.Resource:
        return serverless.Variable(
            child(self._prefix, key),
            service_sid=self._service.sid,
            environment_sid=self._environment.sid,
            key=key,
            value=value,
            opts=self._options(),
        )

    def _build(self, args: BatchFunctionsArgs) -> serverless.Build:
        files = _files(args.project)
        functions = [self._upload(serverless.Function, each) for each in files.functions]
        assets = [self._upload(serverless.Asset, each) for each in files.assets]
        dependencies = args.functions.dependencies
        return serverless.Build(
            child(self._prefix, "build"),
            service_sid=self._service.sid,
            function_version_sids=[_uploaded(function) for function in functions],
            asset_version_sids=[_uploaded(asset) for asset in assets],
            dependencies=files.dependencies if dependencies is None else dependencies,
            runtime=args.functions.runtime,
            opts=self._options(),
        )

    def _upload(self, kind: type[Served], served: ServedFile) -> Served:
        return kind(
            child(self._prefix, served.path),
            service_sid=self._service.sid,
            friendly_name=served.path,
            path=served.path,
            visibility=served.visibility,
            content=pulumi.FileAsset(served.file.as_posix()),
            opts=self._options(),
        )

    def _deployment(
        self, build: serverless.Build, depends_on: list[pulumi.Resource]
    ) -> serverless.Deployment:
        return serverless.Deployment(
            child(self._prefix, "deployment"),
            service_sid=self._service.sid,
            environment_sid=self._environment.sid,
            build_sid=build.sid,
            opts=self._options(*depends_on),
        )


def _files(project: Path) -> FunctionFiles:
    """Read the project's files.

    Raises: pulumi.RunError when they cannot be served; nothing was changed.
    """
    try:
        return read_project(project)
    except FunctionFilesError as error:
        raise pulumi.RunError(str(error)) from None


def _uploaded(served: serverless.Function | serverless.Asset) -> pulumi.Output[str]:
    """A file's version: only one whose upload failed has none, and that fails the update."""
    return cast("pulumi.Output[str]", served.version_sid)


def _configured(variables: Mapping[str, str | ConfigValue]) -> dict[str, pulumi.Input[str]]:
    """Take the values that the stack's configuration holds from there, as secrets."""
    config = pulumi.Config()
    return {
        key: config.require_secret(value.key) if isinstance(value, ConfigValue) else value
        for key, value in variables.items()
    }
