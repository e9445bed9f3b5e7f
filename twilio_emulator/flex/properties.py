"""The properties of a Flex configuration: their types and what they are until they are set.

Source: flex_v1 OpenAPI document (names and types); the values of an account where nothing was set
are assumed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from twilio_emulator.wire import invalid

Kind = Literal["boolean", "list", "string", "any"]

_SERVICE_SID = re.compile(r"ZS[0-9a-fA-F]{32}")

PROPERTIES: Mapping[str, tuple[Kind, Any]] = {
    "agent_conv_end_methods": ("any", None),
    "attributes": ("any", None),
    "call_recording_enabled": ("boolean", False),
    "call_recording_webhook_url": ("string", None),
    "channel_configs": ("list", []),
    "chat_service_instance_sid": ("string", None),
    "citrix_voice_vdi": ("any", None),
    "crm_attributes": ("any", None),
    "crm_callback_url": ("string", None),
    "crm_enabled": ("boolean", False),
    "crm_fallback_url": ("string", None),
    "crm_type": ("string", None),
    "debugger_integration": ("any", None),
    "flex_insights_drilldown": ("boolean", False),
    "flex_insights_hr": ("any", None),
    "flex_instance_sid": ("string", None),
    "flex_service_instance_sid": ("string", None),
    "flex_ui_status_report": ("any", None),
    "flex_url": ("string", "https://flex.twilio.com"),
    "integrations": ("list", []),
    "markdown": ("any", None),
    "messaging_service_instance_sid": ("string", None),
    "notifications": ("any", None),
    "offline_config": ("any", None),
    "outbound_call_flows": ("any", {}),
    "plugin_service_attributes": ("any", None),
    "plugin_service_enabled": ("boolean", True),
    "public_attributes": ("any", None),
    "queue_stats_configuration": ("any", None),
    "runtime_domain": ("string", None),
    "serverless_service_sids": ("list", []),
    "service_version": ("string", None),
    "status": ("string", "ok"),
    "taskrouter_offline_activity_sid": ("string", None),
    "taskrouter_skills": ("list", []),
    "taskrouter_target_taskqueue_sid": ("string", None),
    "taskrouter_target_workflow_sid": ("string", None),
    "taskrouter_taskqueues": ("list", []),
    "taskrouter_worker_attributes": ("any", {}),
    "taskrouter_worker_channels": ("any", {}),
    "taskrouter_workspace_sid": ("string", None),
    "ui_attributes": ("any", {}),
    "ui_dependencies": ("any", {}),
    "ui_language": ("string", "en-US"),
    "ui_version": ("string", None),
}
DEFAULTS: Mapping[str, Any] = {name: default for name, (_, default) in PROPERTIES.items()}
STATUSES = ("ok", "inprogress", "notstarted")
_TYPES: Mapping[str, type] = {"boolean": bool, "list": list, "string": str}


def check(changes: Mapping[str, Any]) -> None:
    """Refuse what is no property, and values of another type than the property's.

    Raises: ApiError 400/20001.
    """
    if unknown := sorted(set(changes) - set(PROPERTIES)):
        raise invalid(f"Unknown property {', '.join(unknown)} of the Flex configuration")
    for name, value in changes.items():
        kind = PROPERTIES[name][0]
        if value is not None and kind != "any" and not isinstance(value, _TYPES[kind]):
            raise invalid(f"{name} of the Flex configuration must be a {kind}")
    if changes.get("status", "ok") not in STATUSES:
        raise invalid(f"status '{changes['status']}' is not one of {', '.join(STATUSES)}")
    for sid in changes.get("serverless_service_sids") or ():
        if not isinstance(sid, str) or not _SERVICE_SID.fullmatch(sid):
            raise invalid(f"serverless_service_sids: '{sid}' is not a valid ZS SID")
