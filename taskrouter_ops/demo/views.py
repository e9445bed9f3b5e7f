"""Show a race: a table that follows it on a terminal, one line per event elsewhere."""

from __future__ import annotations

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from taskrouter_ops.demo.race import Offer, Round

# Below this many columns a SID does not fit beside the rest, and its end tells it apart.
WHOLE_SID_COLUMNS = 76
# And below this many the moment of the offer makes room for what the race is about.
MOMENT_COLUMNS = 48
STYLES = {"accepted": "bold green", "pending": "yellow", "rescinded": "dim"}


class NoView:
    """Shows nothing, for those who print the result as JSON."""

    def begins(self, workspace_sid: str, name: str, workers: int, reserved: int) -> None:
        """Show nothing."""

    def offered(self, current: Round) -> None:
        """Show nothing."""

    def answered(self, current: Round, offer: Offer) -> None:
        """Show nothing."""

    def settled(self, current: Round) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Show nothing."""


class LineView:
    """Prints a line for every event, for pipes and logs."""

    def __init__(self, console: Console) -> None:
        """Print on this console."""
        self._console = console

    def begins(self, workspace_sid: str, name: str, workers: int, reserved: int) -> None:
        """Say where the race takes place."""
        self._say(_beginning(workspace_sid, name, workers, reserved))

    def offered(self, current: Round) -> None:
        """List the offers."""
        self._say(f"round {current.number}: task {current.task_sid}")
        for offer in current.offers:
            self._say(f"{offer.worker_name:<6} offered  {offer.reservation.sid}  {_moment(offer)}")
        if current.not_offered:
            self._say(f"not offered: {', '.join(current.not_offered)}")

    def answered(self, current: Round, offer: Offer) -> None:
        """Say what an accept was answered."""
        del current
        self._say(
            f"{offer.worker_name:<6} accepts  {offer.reservation.sid}  HTTP {offer.http_status}"
            f" after {_after(offer)}  {offer.status}"
        )

    def settled(self, current: Round) -> None:
        """Say how it ended."""
        self._say(current.sentence())

    def close(self) -> None:
        """Print no more."""

    def _say(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


class LiveView:
    """Redraws one table per round while the answers come in."""

    def __init__(self, console: Console) -> None:
        """Draw on this console."""
        self._console = console
        self._live: Live | None = None

    def begins(self, workspace_sid: str, name: str, workers: int, reserved: int) -> None:
        """Say where the race takes place."""
        self._say(_beginning(workspace_sid, name, workers, reserved))

    def offered(self, current: Round) -> None:
        """Put the table of a new round up."""
        self._live = Live(
            self._drawn(current), console=self._console, auto_refresh=False, transient=False
        )
        self._live.start(refresh=True)

    def answered(self, current: Round, offer: Offer) -> None:
        """Draw the answer."""
        del offer
        self._draw(current)

    def settled(self, current: Round) -> None:
        """Draw the final statuses and leave the table where it is."""
        self._draw(current)
        self.close()
        self._say(current.sentence())

    def close(self) -> None:
        """Give the terminal back."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _draw(self, current: Round) -> None:
        if self._live is not None:
            self._live.update(self._drawn(current), refresh=True)

    def _drawn(self, current: Round) -> Group:
        parts: list[Text | Table] = [_headline(current), self._table(current)]
        if current.not_offered:
            parts.append(Text(f"not offered: {', '.join(current.not_offered)}", style="dim"))
        return Group(*parts)

    def _table(self, current: Round) -> Table:
        whole = self._console.width >= WHOLE_SID_COLUMNS
        moment = self._console.width >= MOMENT_COLUMNS
        table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
        table.add_column("worker", no_wrap=True)
        table.add_column("reservation", no_wrap=True)
        if moment:
            table.add_column("offered", no_wrap=True)
        table.add_column("after", justify="right", no_wrap=True)
        table.add_column("HTTP", justify="right", no_wrap=True)
        table.add_column("status", no_wrap=True)
        for offer in current.offers:
            sid = offer.reservation.sid
            table.add_row(
                offer.worker_name,
                sid if whole else f"WR…{sid[-5:]}",
                *([_moment(offer)] if moment else []),
                _after(offer),
                "" if offer.http_status is None else str(offer.http_status),
                offer.status,
                style=STYLES.get(offer.status, ""),
            )
        return table

    def _say(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False)


def _headline(current: Round) -> Text:
    won = current.winners
    answered = sum(offer.outcome is not None for offer in current.offers)
    begin = f"Round {current.number}: "
    if won:
        others = answered - len(won)
        return Text(f"{begin}{' and '.join(won)} won, {others} too late", style="bold green")
    return Text(
        f"{begin}offered to {len(current.offers)}, nobody has accepted yet", style="bold yellow"
    )


def _beginning(workspace_sid: str, name: str, workers: int, reserved: int) -> str:
    return (
        f"Workspace {workspace_sid} ({name}): {workers} available workers, "
        f"a queue with MaxReservedWorkers {reserved}"
    )


def _moment(offer: Offer) -> str:
    return offer.reservation.date_created.strftime("%H:%M:%S")


def _after(offer: Offer) -> str:
    return "" if offer.answered_after_ms is None else f"{offer.answered_after_ms:.0f} ms"
