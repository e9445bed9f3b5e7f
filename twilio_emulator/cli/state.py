"""`twilio-emulator status`, `reset`, `limits` and `clock`."""

from __future__ import annotations

from typing import Annotated

import typer

from twilio_emulator.admin.limits import SWITCHES

from .terminal import DEFAULT_PORT, AsJson, Port, control, duration, say, say_json, show, stop


def status(port: Port = DEFAULT_PORT, as_json: AsJson = False) -> None:
    """Tell whether an emulator is running, and what it holds."""
    with control(port) as emulator:
        found = emulator.status()
    if as_json:
        say_json(found)
        return
    say(f"Twilio emulator {found['version']}, pid {found['pid']}, port {found['port']}")
    say(f"accounts {', '.join(found['accounts'])}, state in {found['data'] or 'memory'}")
    say(f"time {found['time']}{' (stands still)' if found['virtual_clock'] else ''}")
    if found["limits_lifted"]:
        say(f"limits lifted: {', '.join(found['limits_lifted'])}")
    if found["faults"]:
        say(f"failures on demand: {found['faults']} (`twilio-emulator faults list`)")
    show(("kind", "records"), [row for row in found["counts"].items() if row[1]])


def reset(
    port: Port = DEFAULT_PORT,
    workers: Annotated[
        int | None, typer.Option(help="Workers of the sample account.", min=0)
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed.", min=0)] = None,
    as_json: AsJson = False,
) -> None:
    """Go back to the sample account, clock, limits and failures as at the first start."""
    with control(port) as emulator:
        found = emulator.reset(seed=seed, workers=workers)
    if as_json:
        say_json(found)
        return
    say("The emulator is back at its sample account")


def limits(
    lift: Annotated[
        list[str] | None, typer.Option(help="Limit to lift, or all; may be repeated.")
    ] = None,
    enforce: Annotated[
        list[str] | None, typer.Option(help="Limit to enforce, or all; may be repeated.")
    ] = None,
    port: Port = DEFAULT_PORT,
    as_json: AsJson = False,
) -> None:
    """Show which of Twilio's limits hold; lift some or put them in force again."""
    switches = dict.fromkeys(enforce or (), True) | dict.fromkeys(lift or (), False)
    with control(port) as emulator:
        found = emulator.switch_limits(**switches) if switches else emulator.limits()
    if as_json:
        say_json(found)
        return
    rows = [(name, "holds" if on else "lifted", SWITCHES[name]) for name, on in found.items()]
    show(("limit", "state", "what it is"), rows)


def clock(
    advance: Annotated[
        str | None, typer.Argument(help="How far to move it on: 90, 90s, 15m, 2h, 1d.")
    ] = None,
    to: Annotated[
        str | None, typer.Option(metavar="MOMENT", help="Move it on to this moment.")
    ] = None,
    port: Port = DEFAULT_PORT,
    as_json: AsJson = False,
) -> None:
    """Show the emulator's time, or move it forward, running what falls due on the way."""
    if advance is not None and to is not None:
        raise stop("give how far to move the clock on or --to, not both", 2)
    with control(port) as emulator:
        if to is not None:
            found = emulator.advance_to(to)
        else:
            found = emulator.clock() if advance is None else emulator.advance(duration(advance))
    if as_json:
        say_json(found)
        return
    say(f"{found['time']}{' (stands still)' if found['virtual'] else ''}")
