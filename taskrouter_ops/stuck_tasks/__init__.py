"""Find voice tasks whose call is over but which stayed open, and close them.

    report = clean(client, "WS…", Options(rules=rules_from(min_age="1h"), apply=True))
    report.as_dict()["counts"]["closed"]       # {"completed": 3, "canceled": 12}

The order is: list everything, look up each call and conference once, decide, then close one task
after the other, each read again and written under If-Match. Without `apply` nothing is written.

A task is closed only where both it and the end of its call are at least `min_age` ago: right
after a call the task is still the platform's own business, which wraps it up or cancels it.
Ages go by Twilio's clock, not by this machine's.

What it does not see: a task that names no call (`call_sid`), and one whose reservation just
ended while the tasks were listed; the next run has that one.
"""

from taskrouter_ops.stuck_tasks.decision import Reason
from taskrouter_ops.stuck_tasks.listing import Filters
from taskrouter_ops.stuck_tasks.report import Outcome, Report, TaskReport
from taskrouter_ops.stuck_tasks.rules import Rules, WrongRules, parse_duration, rules_from
from taskrouter_ops.stuck_tasks.run import MOST_CONCURRENCY, Options, Unwatched, Watcher, clean

__all__ = [
    "MOST_CONCURRENCY",
    "Filters",
    "Options",
    "Outcome",
    "Reason",
    "Report",
    "Rules",
    "TaskReport",
    "Unwatched",
    "Watcher",
    "WrongRules",
    "clean",
    "parse_duration",
    "rules_from",
]
