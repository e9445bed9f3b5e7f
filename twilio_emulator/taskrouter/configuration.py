"""Check a workflow's configuration and find the queues it names.

Source: workflow configuration page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from twilio_emulator import assumptions
from twilio_emulator.wire import invalid
from twilio_emulator.wire.parameters import parse_json

from .task_queues import check_expression

_DIGITS = 10  # of a timeout or priority; no more fit into a date or a 32-bit number


def queues_of(text: str, queue_exists: Callable[[str], bool]) -> list[str]:
    """Return the SIDs of the queues a configuration names, each once, in order.

    Raises: ApiError 400/20001 for text that is no configuration, an expression that does not
    parse, or a queue that does not exist.
    """
    routing = _routing(text)
    queue_sids: dict[str, None] = {}
    for place, queue in _checked(routing):
        if assumptions.WORKFLOW_QUEUES_MUST_EXIST and not queue_exists(queue):
            raise invalid(f"Configuration {place}: task queue '{queue}' does not exist")
        queue_sids[queue] = None
    return list(queue_sids)


def _routing(text: str) -> dict[str, Any]:
    configuration = parse_json("Configuration", text)
    routing = configuration.get("task_routing") if isinstance(configuration, dict) else None
    return _object("task_routing", routing)


def _checked(routing: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield place and SID of each queue, checking what is passed on the way."""
    for number, given in enumerate(_array("task_routing.filters", routing.get("filters", []))):
        place = f"task_routing.filters[{number}]"
        entry = _object(place, given)
        check_expression(f"Configuration {place}.expression", _text(place, entry, "expression"))
        targets = _array(f"{place}.targets", entry.get("targets"))
        if not targets:
            raise invalid(f"Configuration {place}.targets is empty")
        for step, target in enumerate(targets):
            yield from _target(f"{place}.targets[{step}]", target, needs_queue=step == 0)
    if (default := routing.get("default_filter")) is not None:
        place = "task_routing.default_filter"
        yield f"{place}.queue", _text(place, _object(place, default), "queue")


def _target(place: str, given: Any, *, needs_queue: bool) -> Iterator[tuple[str, str]]:
    target = _object(place, given)
    for name in ("expression", "skip_if"):
        if target.get(name):
            check_expression(f"Configuration {place}.{name}", _text(place, target, name))
    for name in ("timeout", "priority"):
        _number(place, target, name)
    if target.get("known_worker_sid") and target.get("known_worker_friendly_name"):
        raise invalid(f"Configuration {place} has two known workers: give one of the two")
    if needs_queue or "queue" in target:
        yield f"{place}.queue", _text(place, target, "queue")


def _object(place: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise invalid(f"Configuration {place} must be an object")
    return value


def _array(place: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise invalid(f"Configuration {place} must be an array")
    return value


def _text(place: str, value: dict[str, Any], name: str) -> str:
    text = value.get(name)
    if not isinstance(text, str):
        raise invalid(f"Configuration {place}.{name} must be a string")
    return text


def _number(place: str, value: dict[str, Any], name: str) -> None:
    """Accept whole numbers as numbers and as strings: both occur in Twilio's examples."""
    number = value.get(name)
    if number is None:
        return
    written = "" if isinstance(number, bool | float) else str(number)[: _DIGITS + 1]
    if not (written.isascii() and written.isdigit() and len(written) <= _DIGITS):
        raise invalid(
            f"Configuration {place}.{name} must be a number not below 0 of at most {_DIGITS} digits"
        )
