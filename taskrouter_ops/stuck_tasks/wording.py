"""Say in plain lines what a run did or would do."""

from __future__ import annotations

from datetime import timedelta

from taskrouter_ops.stuck_tasks.decision import Reason
from taskrouter_ops.stuck_tasks.facts import Call, Task
from taskrouter_ops.stuck_tasks.report import (
    CLOSED,
    WOULD_CLOSE,
    Outcome,
    Report,
    TaskReport,
    moment,
)

_VERBS = {
    Outcome.COMPLETED: "completed",
    Outcome.CANCELED: "canceled",
    Outcome.WOULD_COMPLETE: "complete",
    Outcome.WOULD_CANCEL: "cancel",
    Outcome.SKIPPED: "left alone",
    Outcome.ERROR: "error",
}
_BY_EXPRESSION = (Reason.EXCLUDED, Reason.UNDECIDED)
_STEPS = ((86_400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def task_line(item: TaskReport) -> str:
    """Describe one task: what becomes of it, what is known of it, and why."""
    task = item.task
    parts = [f"{_VERBS[item.outcome]:11}{task.sid}  {task.status}, {length(task.age)} old"]
    if task.queue_sid:
        parts.append(f"queue {printable(task.queue_name or '') or task.queue_sid}")
    if item.call is not None:
        parts.append(f"call {item.call.sid} {_call_state(item.call, task)}")
    elif item.call_sid is not None:
        parts.append(f"call {item.call_sid}")
    why = item.error or item.skip
    return "; ".join(parts) + (f": {why}" if why else "")


def _call_state(call: Call, task: Task) -> str:
    if call.ended is None:
        return call.status
    ago = f" ({length(task.read_at - call.ended)} ago)" if task.read_at else ""
    return f"{call.status}, ended {moment(call.ended)}{ago}"


def summary(report: Report) -> str:
    """Sum up a run, over several lines."""
    listed = ", ".join(f"{count:,} {status}" for status, count in report.listed().items())
    lines = [
        f"{'listed':12}{len(report.tasks):,} open tasks ({listed})",
        f"{'processed':12}{report.processed:,}",
    ]
    lines.append(_closed_line(report))
    skipped = report.skipped()
    lines.append(f"{'skipped':12}{sum(skipped.values()):,}")
    lines += [f"{'':12}{count:>8,}  {reason}" for reason, count in skipped.items()]
    lines.append(f"{'errors':12}{len(report.errors):,}")
    lines.append(
        f"{'API calls':12}{report.api_calls:,} "
        f"({report.calls:,} calls and {report.conferences:,} conferences looked up)"
    )
    lines.append(f"{'time':12}{report.seconds:.1f} s")
    lines += [f"{'note':12}no task was {each}: is it spelled right?" for each in idle(report)]
    if report.ended == "interrupted":
        lines.append("interrupted: what was in hand was finished, the rest is as it was")
    if report.ended == "outage":
        lines.append("stopped: Twilio kept failing; the rest is as it was, run it again later")
    if not report.applied:
        lines.append("nothing was changed; --apply does it")
    return "\n".join(lines)


def idle(report: Report) -> list[str]:
    """Name the exclusions that excluded nothing though tasks are closed.

    A slip in an exclusion closes what it is meant to keep.
    """
    if not any(item.outcome in (*CLOSED, *WOULD_CLOSE) for item in report.tasks):
        return []
    used = {(item.skip.reason, item.skip.detail) for item in report.tasks if item.skip}
    attributes = [
        f"{Reason.EXCLUDED_ATTRIBUTE} {name}"
        for name in report.options["excludeAttributes"]
        if (Reason.EXCLUDED_ATTRIBUTE, name) not in used
    ]
    expressions = [
        f"{Reason.EXCLUDED} {number}, {text}"
        for number, text in enumerate(report.options["exclude"], start=1)
        if not used & {(reason, f"expression {number}") for reason in _BY_EXPRESSION}
    ]
    return attributes + expressions


def length(age: timedelta | None) -> str:
    """Write a length of time in its two largest units, like 2h 5m."""
    if age is None:
        return "unknown"
    left, parts = max(0, int(age.total_seconds())), []
    for seconds, unit in _STEPS:
        count, left = divmod(left, seconds)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2]) or "0s"


def printable(text: str) -> str:
    """Return a name without anything a terminal would act on."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def _closed_line(report: Report) -> str:
    counts = report.by_outcome(*(CLOSED if report.applied else WOULD_CLOSE))
    each = ", ".join(f"{count:,} {status}" for status, count in counts.items())
    name = "closed" if report.applied else "would close"
    return f"{name:12}{sum(counts.values()):,} ({each})"
