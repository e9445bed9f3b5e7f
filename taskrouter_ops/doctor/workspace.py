"""The workspace itself: whose it is, its activities, where its events go."""

from __future__ import annotations

from typing import Any

from taskrouter_ops.callback_verification import event_names
from taskrouter_ops.doctor.findings import Finding
from taskrouter_ops.target import CallbackSettings
from twilio_client import InvalidRequest, NotFound, TwilioClient, Unauthorized, urls

WORKSPACE = "workspace"
ACTIVITIES = "activities"
CALLBACK = "callback-settings"

_SET_AGAIN = "run `pulumi refresh` to see who changed it, then `pulumi up --refresh` to set it"


def workspace(client: TwilioClient, sid: str) -> tuple[Finding, dict[str, Any]]:
    """Read the workspace and tell whether it is the one of Flex. Raises: TwilioError."""
    body = client.get(urls.taskrouter("Workspaces", sid), what=f"read Workspace {sid}").body
    owner = "the workspace of Flex" if _flex_workspace(client) == sid else "a workspace of its own"
    return Finding(WORKSPACE, "ok", f"{body.get('friendly_name')} ({sid}), {owner}"), body


def _flex_workspace(client: TwilioClient) -> str | None:
    """Return the workspace of Flex, None where the account has no Flex or it may not be read."""
    try:
        body = client.get(urls.flex("Configuration"), what="read the Flex configuration").body
    except (NotFound, InvalidRequest, Unauthorized):
        return None
    return body.get("taskrouter_workspace_sid")


def activities(client: TwilioClient, workspace: dict[str, Any]) -> Finding:
    """See that workers who are not there are not offered tasks. Raises: TwilioError."""
    sid = workspace["sid"]
    url = urls.taskrouter("Workspaces", sid, "Activities")
    known = {a["sid"]: a for a in client.list(url, what=f"list the Activities of {sid}")}
    problems, told = [], []
    for role, meaning in (
        ("default", "new workers start"),
        ("timeout", "workers who let an offer pass go on"),
    ):
        activity = known.get(workspace.get(f"{role}_activity_sid") or "")
        if activity is None:
            problems.append(f"there is no {role} activity")
        elif activity["available"]:
            problems.append(f"{meaning} as {activity['friendly_name']!r}, which is available")
        else:
            told.append(f"{meaning} as {activity['friendly_name']!r}")
    if problems:
        advice = (
            "choose activities that are not available (defaultActivity, timeoutActivity), or tasks "
            "are offered to workers who are not there"
        )
        return Finding(ACTIVITIES, "warning", "; ".join(problems), advice)
    return Finding(ACTIVITIES, "ok", ", ".join(told))


def callback(workspace: dict[str, Any], wanted: CallbackSettings) -> Finding:
    """Compare the workspace's event callback with what it is meant to be."""
    url = workspace.get("event_callback_url") or ""
    if url != wanted.url:
        found = f"events go to {url or 'nobody'}, not to {wanted.url}"
        return Finding(CALLBACK, "failed", found, _SET_AGAIN)
    events = event_names(workspace.get("events_filter") or "")
    if not events:
        found = "there is no events filter, so every event is sent"
        return Finding(CALLBACK, "warning", found, _SET_AGAIN)
    if missing := sorted(set(wanted.events) - events):
        return Finding(CALLBACK, "failed", f"does not send {', '.join(missing)}", _SET_AGAIN)
    if extra := sorted(events - set(wanted.events)):
        return Finding(CALLBACK, "warning", f"also sends {', '.join(extra)}", _SET_AGAIN)
    return Finding(CALLBACK, "ok", f"{url} for {len(events)} events")
