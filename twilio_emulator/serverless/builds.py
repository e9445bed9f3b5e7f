"""Builds: which versions and which dependencies run together."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from twilio_emulator import assumptions
from twilio_emulator.functions_runtime import (
    RuntimeNotInstalled,
    file_name,
    installed_packages,
    resolve,
)
from twilio_emulator.wire import Call, Parameter, Reply, Route, invalid, page

from . import rules
from .builder import Builder
from .files import render_version
from .records import Build, FileVersion, Kind
from .rules import HOST, PAGE_SIZE

RUNTIMES = ("node8", "node10", "node12", "node14", "node16", "node18", "node20", "node22")
MOST_VERSIONS = {"functions": 50, "private assets": 50, "other assets": 1000}
"""How many versions of each sort a build takes.

Source: Functions and assets API page of the beta; the present page gives no numbers.
"""


def render(call: Call, build: Build) -> dict[str, Any]:
    """Write a build as Serverless answers it."""
    url = rules.url(build.service_sid, "Builds", build.sid)
    versions = call.store[FileVersion]
    return {
        **rules.stamped(build),
        "service_sid": build.service_sid,
        "status": build.status,
        "function_versions": [
            render_version(found)
            for sid in build.function_version_sids
            if (found := versions.get(sid)) is not None
        ],
        "asset_versions": [
            render_version(found)
            for sid in build.asset_version_sids
            if (found := versions.get(sid)) is not None
        ],
        "dependencies": build.dependencies,
        "runtime": build.runtime,
        "url": url,
        "links": {"build_status": f"{url}/Status"},
    }


def create_build(call: Call) -> Reply:
    """Start a build; it is `building` until it is `completed` or `failed`.

    Raises: ApiError 400/20001 for no version at all, versions that do not exist, are too many or
    whose paths collide, and when the emulator's functions runtime is not installed.
    Source: OpenAPI document (at least one version).
    """
    service = rules.find_service(call)
    functions = _versions(call, "FunctionVersions", "function", service.sid)
    assets = _versions(call, "AssetVersions", "asset", service.sid)
    if not functions and not assets:
        raise invalid("A Build needs FunctionVersions or AssetVersions")
    _check_paths([*functions, *assets])
    if call.emulator.limits.enforced("builds"):
        _check_numbers([*functions, *assets])
    wanted = dependencies(call.params.get("Dependencies", ""))
    build = Build(
        **rules.born(call, "ZB"),
        service_sid=service.sid,
        function_version_sids=[version.sid for version in functions],
        asset_version_sids=[version.sid for version in assets],
        wanted_dependencies=wanted,
        dependencies=[dict(row) for row in resolve(wanted, _installed()).dependencies],
        runtime=call.params.get("Runtime") or assumptions.DEFAULT_RUNTIME,
    )
    call.store.put(build)
    builder = call.emulator.state(Builder)
    call.store.after_commit(lambda: builder.begin(build.sid))
    return Reply(render(call, build))


def list_builds(call: Call) -> dict[str, Any]:
    """List a service's builds."""
    service = rules.find_service(call)
    builds = rules.of_service(call.store, Build, service.sid)
    return page(call, "builds", builds, lambda build: render(call, build))


def fetch_build(call: Call) -> dict[str, Any]:
    """Read a build."""
    return render(call, rules.find(call, Build))


def fetch_status(call: Call) -> dict[str, Any]:
    """Read how far a build is."""
    build = rules.find(call, Build)
    return {
        "sid": build.sid,
        "account_sid": build.account_sid,
        "service_sid": build.service_sid,
        "status": build.status,
        "url": rules.url(build.service_sid, "Builds", build.sid, "Status"),
    }


def delete_build(call: Call) -> None:
    """Delete a build, unless it is live in an environment.

    Source: a provider's documentation; status and code are TaskRouter's catch-all.
    """
    build = rules.find(call, Build)
    running = rules.environments_running(call.store, build.sid)
    if running:
        names = ", ".join(f"{item.unique_name} ({item.sid})" for item in running)
        raise invalid(f"Build {build.sid} is deployed to {names}: deploy another build first")
    call.store.remove(build)


def dependencies(text: str) -> list[dict[str, str]]:
    """Read Dependencies: a JSON list of name and version, with or without quotes around it.

    Raises: ApiError 400/20001.
    Source: OpenAPI document; Twilio's own toolkit sends an extra pair of double quotes.
    """
    bare = text.strip()
    if len(bare) >= 2 and bare[0] == bare[-1] == '"':
        bare = bare[1:-1].replace('\\"', '"')
    try:
        rows = json.loads(bare or "[]")
        return [{"name": str(row["name"]), "version": str(row["version"])} for row in rows]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise invalid(
            'Dependencies must be a JSON list like [{"name": "lodash", "version": "4.17.21"}]'
        ) from None


def _installed() -> Any:
    try:
        return installed_packages()
    except RuntimeNotInstalled as missing:
        raise invalid(f"The emulator cannot build: {missing}") from None


def _versions(call: Call, name: str, kind: Kind, service_sid: str) -> Sequence[FileVersion]:
    found = []
    for sid in dict.fromkeys(call.params.get(name, [])):
        version = call.store[FileVersion].get(sid)
        if version is None or version.type != kind or version.service_sid != service_sid:
            raise invalid(f"{name}: {sid} is not a {kind} version of Service {service_sid}")
        found.append(version)
    return found


def _check_numbers(versions: Sequence[FileVersion]) -> None:
    counts = Counter(_sort(version) for version in versions)
    for sort, most in MOST_VERSIONS.items():
        if counts[sort] > most:
            raise invalid(f"A Build has at most {most} {sort}, these are {counts[sort]}")


def _sort(version: FileVersion) -> str:
    if version.type == "function":
        return "functions"
    return "private assets" if version.visibility == "private" else "other assets"


def _check_paths(versions: Sequence[FileVersion]) -> None:
    for counts in (
        Counter(version.path for version in versions),
        Counter(str(file_name(version.bundled())) for version in versions),
    ):
        twice = sorted(path for path, count in counts.items() if count > 1)
        if twice:
            raise invalid(f"More than one file has the path {', '.join(twice)}")


_ALL = "/v1/Services/{ServiceSid}/Builds"
_ONE = _ALL + "/{Sid}"
_NEW = (
    Parameter("FunctionVersions", "sid", repeated=True, sid_prefix="ZN", blank=False),
    Parameter("AssetVersions", "sid", repeated=True, sid_prefix="ZN", blank=False),
    Parameter("Dependencies"),
    Parameter("Runtime", "enum", choices=RUNTIMES, blank=False),
)
ROUTES = (
    Route("POST", HOST, _ALL, create_build, parameters=_NEW, status=201),
    Route("GET", HOST, _ALL, list_builds, page_size=PAGE_SIZE),
    Route("GET", HOST, _ONE, fetch_build),
    Route("GET", HOST, _ONE + "/Status", fetch_status),
    Route("DELETE", HOST, _ONE, delete_build, status=204),
)
