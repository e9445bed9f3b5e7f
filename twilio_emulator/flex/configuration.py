"""Read and change the Flex configuration.

Source: flex_v1 OpenAPI document: fields as of its Configuration example; the update takes JSON.
"""

from __future__ import annotations

from typing import Any

from twilio_emulator.wire import Call, Parameter, Route, invalid, not_found

from .records import FlexConfiguration

HOST = "flex-api.twilio.com"
_PATH = "/v1/Configuration"
_OWN = ("account_sid", "date_created", "date_updated", "url")

DEFAULTS: dict[str, Any] = {
    "agent_conv_end_methods": None,
    "attributes": None,
    "call_recording_enabled": False,
    "call_recording_webhook_url": None,
    "channel_configs": [],
    "chat_service_instance_sid": None,
    "citrix_voice_vdi": None,
    "crm_attributes": None,
    "crm_callback_url": None,
    "crm_enabled": False,
    "crm_fallback_url": None,
    "crm_type": None,
    "debugger_integration": None,
    "flex_insights_drilldown": False,
    "flex_insights_hr": None,
    "flex_instance_sid": None,
    "flex_service_instance_sid": None,
    "flex_ui_status_report": None,
    "flex_url": "https://flex.twilio.com",
    "integrations": [],
    "markdown": None,
    "messaging_service_instance_sid": None,
    "notifications": None,
    "offline_config": None,
    "outbound_call_flows": {},
    "plugin_service_attributes": None,
    "plugin_service_enabled": True,
    "public_attributes": None,
    "queue_stats_configuration": None,
    "runtime_domain": None,
    "serverless_service_sids": [],
    "service_version": None,
    "status": "ok",
    "taskrouter_offline_activity_sid": None,
    "taskrouter_skills": [],
    "taskrouter_target_taskqueue_sid": None,
    "taskrouter_target_workflow_sid": None,
    "taskrouter_taskqueues": [],
    "taskrouter_worker_attributes": {},
    "taskrouter_worker_channels": {},
    "taskrouter_workspace_sid": None,
    "ui_attributes": {},
    "ui_dependencies": {},
    "ui_language": "en-US",
    "ui_version": None,
}


def _configuration(call: Call) -> FlexConfiguration:
    index = call.store[FlexConfiguration].index("account", lambda item: item.account_sid)
    found = index.first(call.account_sid)
    if found is None:
        raise not_found(call)
    return found


def _body(configuration: FlexConfiguration) -> dict[str, Any]:
    return {
        **DEFAULTS,
        **configuration.settings,
        "account_sid": configuration.account_sid,
        "date_created": configuration.date_created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "date_updated": configuration.date_updated.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "url": f"https://{HOST}{_PATH}",
    }


def fetch_configuration(call: Call) -> dict[str, Any]:
    """Show the configuration; there is none on an account without Flex."""
    return _body(_configuration(call))


def update_configuration(call: Call) -> dict[str, Any]:
    """Replace the properties given; others stay.

    Raises: ApiError 400/20001 for a property the configuration does not have.
    """
    configuration = _configuration(call)
    if not isinstance(call.json, dict):
        raise invalid("The post body must be a JSON object")
    changes = {name: value for name, value in call.json.items() if name not in _OWN}
    if unknown := sorted(set(changes) - set(DEFAULTS)):
        raise invalid(f"Unknown property {', '.join(unknown)} of the Flex configuration")
    settings = {**configuration.settings, **changes}
    return _body(call.store.change(configuration, settings=settings))


ROUTES = (
    Route("GET", HOST, _PATH, fetch_configuration, parameters=(Parameter("UiVersion"),)),
    Route("POST", HOST, _PATH, update_configuration, body="json"),
)
