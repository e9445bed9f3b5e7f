"""`twilio-emulator flex-token`."""

from __future__ import annotations

from typing import Annotated

import typer

from .terminal import DEFAULT_PORT, AsJson, Port, control, duration, say, say_json


def flex_token(
    worker: Annotated[
        str | None, typer.Option(metavar="WK…", help="Whose token: SID of a worker.")
    ] = None,
    identity: Annotated[
        str | None, typer.Option(help="Name in the token; the worker's when left out.")
    ] = None,
    role: Annotated[
        list[str] | None,
        typer.Option(
            help="Role, such as agent, supervisor or admin; may be repeated. The worker's when"
            " left out."
        ),
    ] = None,
    expires: Annotated[
        str, typer.Option(metavar="TIME", help="How long it is good: 90s, 15m, 1h, 1d.")
    ] = "1h",
    account: Annotated[
        str | None, typer.Option(metavar="AC…", help="Account; the sample one when left out.")
    ] = None,
    port: Port = DEFAULT_PORT,
    as_json: AsJson = False,
) -> None:
    """Sign somebody in to Flex and print the token, as a Flex plugin would send it."""
    with control(port) as emulator:
        issued = emulator.issue_flex_token(
            worker_sid=worker,
            identity=identity,
            roles=role or None,
            expires_in=duration(expires),
            account_sid=account,
        )
    if as_json:
        say_json(issued)
        return
    say(issued["token"])
