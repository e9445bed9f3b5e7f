"""`twilio-emulator faults`: failures on demand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from .fault_options import (
    After,
    Count,
    Drop,
    EventType,
    Function,
    Host,
    Kind,
    Latency,
    Method,
    Path,
    Preset,
    Process,
    ProcessAfter,
    Rate,
    RetryAfter,
    Rule,
    Skip,
    Status,
)
from .terminal import (
    DEFAULT_PORT,
    AsJson,
    Port,
    control,
    examples,
    parsed_object,
    say,
    say_json,
    show,
    stop,
)

faults = typer.Typer(
    help="Make requests fail on demand, and stop doing so.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)


def add(
    rule: Rule = None,
    preset: Preset = None,
    kind: Kind = None,
    host: Host = None,
    method: Method = None,
    path: Path = None,
    function: Function = None,
    event_type: EventType = None,
    rate: Rate = None,
    skip: Skip = None,
    count: Count = None,
    latency: Latency = None,
    status: Status = None,
    retry_after: RetryAfter = None,
    drop: Drop = None,
    after: After = None,
    process: Process = None,
    process_after: ProcessAfter = None,
    port: Port = DEFAULT_PORT,
    as_json: AsJson = False,
) -> None:
    """Put a rule in force."""
    options = {
        "preset": preset,
        "kind": kind,
        "host": host,
        "method": method,
        "path": path,
        "function": function,
        "event_type": event_type,
        "probability": rate,
        "skip": skip,
        "count": count,
        "latency_ms": None if latency is None else _latency(latency),
        "status": status,
        "retry_after": retry_after,
        "drop": drop,
        "after": after,
        "process": process,
        "process_after_ms": process_after,
    }
    document = {} if rule is None else parsed_object(rule, "the rule")
    document |= {name: value for name, value in options.items() if value is not None}
    with control(port) as emulator:
        fault_id = emulator.add_fault(**document)
        _list([fault for fault in emulator.faults() if fault["id"] == fault_id], as_json=as_json)


def list_all(port: Port = DEFAULT_PORT, as_json: AsJson = False) -> None:
    """List the rules in force and used up."""
    with control(port) as emulator:
        _list(emulator.faults(), as_json=as_json)


def lift(
    fault_id: Annotated[str | None, typer.Argument(help="Id of one rule.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Lift all rules.")] = False,
    port: Port = DEFAULT_PORT,
    as_json: AsJson = False,
) -> None:
    """Take a rule, or all, out of force."""
    if (fault_id is None) != every:
        raise stop("give the id of a rule, or --all", 2)
    with control(port) as emulator:
        if fault_id is None:
            emulator.clear_faults()
        else:
            emulator.remove_fault(fault_id)
        _list(emulator.faults(), as_json=as_json)


def presets(port: Port = DEFAULT_PORT, as_json: AsJson = False) -> None:
    """List the rules that have a name."""
    with control(port) as emulator:
        found = emulator.fault_presets()
    if as_json:
        for name, preset in found.items():
            say_json({"name": name, **preset})
        return
    show(("name", "what happens"), [(name, preset["summary"]) for name, preset in found.items()])


def _latency(text: str) -> float | dict[str, Any]:
    name, _, listed = text.partition(":")
    figures = listed.split(",") if listed else []
    parameters = {
        "uniform": ("low", "high"),
        "normal": ("mean", "deviation"),
        "lognormal": ("median", "sigma"),
    }.get(name, ())
    try:
        if not figures:
            return float(name)
        values = dict(zip(parameters, map(float, figures), strict=True))
    except ValueError:
        raise stop(
            f"--latency '{text}' is none of 250, uniform:100,400, normal:200,50, lognormal:200,0.5",
            2,
        ) from None
    return {"distribution": name, **values}


def _list(rules: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        for rule in rules:
            say_json(rule)
        return
    if not rules:
        say("No failures on demand")
        return
    show(("id", "hits", "left", "rule"), [_row(rule) for rule in rules])


def _row(rule: dict[str, Any]) -> tuple[object, ...]:
    left = "any" if rule["count"] is None else rule["count"]
    words = [
        name if value is True else f"{name}={_figure(value)}"
        for name, value in rule.items()
        if name not in ("id", "hits", "count") and not _goes_without_saying(name, value)
    ]
    return rule["id"], rule["hits"], left, " ".join(words)


def _goes_without_saying(name: str, value: object) -> bool:
    return value is None or value is False or value == (1 if name == "probability" else 0)


def _figure(value: object) -> object:
    if isinstance(value, dict):
        name, *figures = value.values()
        return f"{name}:{','.join(map(str, figures))}"
    return value


EXAMPLES: dict[str, tuple[Callable[..., None], Sequence[str]]] = {
    "add": (
        add,
        (
            "twilio-emulator faults add --path Workers --status 429 --retry-after 1 --rate 0.3",
            "twilio-emulator faults add --method POST --drop --after --count 5",
            "twilio-emulator faults add --preset slow",
            "twilio-emulator faults add --function /work --process kill --process-after 200",
        ),
    ),
    "list": (list_all, ("twilio-emulator faults list --json",)),
    "lift": (lift, ("twilio-emulator faults lift fault-1", "twilio-emulator faults lift --all")),
    "presets": (presets, ("twilio-emulator faults presets",)),
}
"""The commands below `faults`, with examples of each."""

for _name, (_command, _examples) in EXAMPLES.items():
    faults.command(_name, epilog=examples(_examples))(_command)
