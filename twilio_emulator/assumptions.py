"""What the emulator does where no public source says what Twilio does.

Every name here is an assumption: nothing behind it was read in Twilio's documentation or
recorded from the service.  Each stands in one place so that it can be put right in one place: a
constant and, right below it, a string that says what is assumed.  The coverage page lists both,
under the heading they stand below; the same form holds for constants added here.
What is assumed without a constant stands in `coverage/behaviours.py`.
"""

from __future__ import annotations

# --- errors -----------------------------------------------------------------------------------

ILLEGAL_STATE = (400, 20001)
"""Status and code for a state TaskRouter does not allow (a delete of something in use, a name
taken); documented as TaskRouter's catch-all, not for these cases one by one."""

STALE_VERSION_TEXT = "Precondition Failed: {sid} has changed"
"""Message of the 412/20412 a stale If-Match is refused with; the code itself is documented."""

IF_MATCH_STAR_FITS_ANY_VERSION = False
"""If-Match `*` fits every version; otherwise none."""

NEXT_PAGE_CARRIES_NUMBER = True
"""A page's address carries Page beside PageToken; otherwise PageToken alone."""

# --- rates ------------------------------------------------------------------------------------

ROUTE_REQUESTS_PER_SECOND = 100
"""What X-Rate-Limit-Limit says on TaskRouter's routes but the three filters; not enforced."""

RETRY_AFTER_SECONDS: int | None = None
"""Retry-After of a 429; None sends none, since none is documented for TaskRouter or Sync."""

# --- workspaces -------------------------------------------------------------------------------

FIFO_QUEUE_NAME = "Sample Queue"
"""Name of the queue Template=FIFO adds; seen in samples only."""

FIFO_WORKFLOW_NAME = "Default Fifo Workflow"
"""Name of the workflow Template=FIFO adds; seen in samples only."""

MULTITASKING_IS_ONE_WAY = True
"""A workspace that is multitasking stays so."""

UNKNOWN_EVENT_TYPES_ARE_REFUSED = False
"""Names in EventsFilter that are no event types are refused; otherwise they are kept and match
nothing."""

# --- activities, channels, queues, workflows --------------------------------------------------

ACTIVITY_IN_USE_IS_KEPT = True
"""An activity cannot be deleted while a worker is in it or a queue names it."""

DEFAULT_TASK_CHANNEL_IS_KEPT = True
"""The task channel "default" cannot be deleted."""

QUEUE_IN_WORKFLOW_IS_KEPT = True
"""A queue cannot be deleted while a workflow's configuration names it."""

WORKFLOW_QUEUES_MUST_EXIST = True
"""A workflow's configuration may only name queues of its workspace."""

# --- workers ----------------------------------------------------------------------------------

UNCHANGED_ATTRIBUTES_RAISE_EVENT = False
"""Attributes that are the same as before raise a worker.attributes.update."""

WORKER_FIELDS_HIDE_ATTRIBUTES = True
"""`TargetWorkersExpression` reads sid, friendly_name, activity_sid and activity_name from the
worker itself even where its attributes have such a key."""

LEAVING_KEEPS_OFFERS = True
"""A worker with pending reservations may move to an activity that is not available without
RejectPendingReservations, and keeps the offers; otherwise the move is refused."""

BUSY_WORKERS_CAN_BE_DELETED = True
"""A worker can be deleted in any activity and with reservations; otherwise only without open
reservations and in an activity that is not available."""

# --- tasks and reservations ---------------------------------------------------------------------

STATUS_AND_ATTRIBUTES_ARE_REFUSED = True
"""An update of a task with AssignmentStatus and Attributes is refused; that they go into two
requests is documented, what happens otherwise is not."""

ONLY_WORKFLOW_IS_TAKEN = True
"""A task without WorkflowSid goes to the workspace's only workflow, as the OpenAPI document says;
Twilio's own lists of pitfalls say that WorkflowSid is always required."""

IGNORE_CAPACITY_NEEDS_A_WORKER = True
"""IgnoreCapacity without a worker as RoutingTarget is refused."""

STATUS_AND_INSTRUCTION_ARE_REFUSED = True
"""An update of a reservation by ReservationStatus and Instruction at once is refused."""

UNKNOWN_STATUSES_ARE_REFUSED = True
"""AssignmentStatus in a list of tasks is refused when it is no status; otherwise it finds none."""

ANY_SUCCESS_IS_AN_ANSWER = True
"""An assignment callback may answer with any 2xx status; otherwise with 200 only."""

PENDING_RESERVATIONS_ARE_OFFERED_AGAIN = True
"""After a restart the assignment callback of every pending reservation is called again."""

# --- routing ------------------------------------------------------------------------------------

RESERVATION_GONE = (410, 20410)
"""Status and code for accepting a reservation that was rescinded or ended otherwise; "410 series"
is documented, the code is not."""

OFFERS_END_IDLENESS = True
"""A worker's idle time begins anew with every offer, whatever came of it, so that who has just
rejected or lost a task is asked last; otherwise it begins with the last completed task alone.  A
worker who rejected a task may be offered it again."""

RE_EVALUATION_RESTARTS_TIMEOUTS = True
"""Where ReEvaluateTasks takes a task through its workflow anew, target timeouts count from then;
otherwise from the task's creation, so that targets whose time is over are passed at once."""

SAME_QUEUE_IS_ENTERED_AGAIN = False
"""A target with the queue of the target before it raises task-queue.moved and task-queue.entered
again and sets task_queue_entered_date."""

WORKFLOW_TIMEOUT_REASON = "Workflow timeout"
"""Reason of a task that timed out of the last target of its workflow."""

WORKFLOW_SKIPPED_REASON = "Workflow skipped"
"""Reason of a task that skipped out of the last target of its workflow."""

UNMATCHED_TASK_REASON = "No filter of the workflow matched"
"""Reason of a task that no filter of its workflow takes, where there is no default filter; it is
created pending and canceled at once."""

TOO_MANY_ASSIGNMENTS_REASON = "Task exceeded the maximum assignment count"
"""Reason of a task that was offered more than 1000 times."""

COMPLETED_BY_WORKER_REASON = "All reservations were completed"
"""Reason of a task whose worker completed the reservation; seen in a sample event only."""

DELETED_TASK_RESERVATIONS = "canceled"
"""What becomes of the open reservations of a task or a worker that is deleted."""

WORKFLOW_WITH_WAITING_TASKS_IS_KEPT = True
"""A workflow cannot be deleted while tasks of it are pending or reserved."""

# --- expressions ------------------------------------------------------------------------------

MISSING_DIFFERS_FROM_VALUES = True
"""A missing or null attribute differs from every value (`x != 'a'` is true)."""

MISSING_IS_NOT_IN_ARRAYS = True
"""A missing or null attribute is NOT IN every array."""

STRINGS_COMPARE_CASE_SENSITIVELY = True
"""'Sales' and 'sales' are different values, in every operator."""

EXPRESSION_LENGTH = 10_000
"""Most characters of an expression; none is documented."""

# --- events -----------------------------------------------------------------------------------

EVENTS_KEPT = 20_000
"""How many events are kept for the Events list."""

OPERATING_UNIT_PREFIX = "OU"
"""OperatingUnitSid of events: one per account, made from its SID."""

CALLBACKS_AT_A_TIME = 30
"""Callbacks of one emulator under way at a time."""

CALLBACK_RETRY_SECONDS = 0.25
"""Seconds until a callback that is to be tried again is tried again."""

WRONG_OVERRIDES_FALL_BACK = True
"""A connection override outside of its limits counts as not given; otherwise as the limit."""

# --- accounts and calls -----------------------------------------------------------------------

INACTIVE_ACCOUNT = (401, 20003)
"""Status and code for right credentials of a suspended or closed account."""

ACCOUNT_CHANGE_REFUSED = (400, 20001)
"""Status and code for a change of an account that is documented as impossible: a main account
suspended or closed, a status set by the sub-account itself, a closed account opened again, a
sub-account of a sub-account."""

CALL_OF_INACTIVE_ACCOUNT = (400, 10001)
"""Status and code for a call made for a suspended or closed sub-account by its owner."""

CALL_NOT_IN_PROGRESS = (400, 21220)
"""Status and code for new instructions to, or the end of, a call that has ended already; the error
page 21220 names the first case only."""

CALL_NOT_ENDED = (409, 20009)
"""Status and code for the deletion of a call that has not ended."""

CALL_WITHOUT_INSTRUCTIONS = (400, 21205)
"""Status and code for a new call with none of Url, Twiml and ApplicationSid."""

QUEUE_NAME_TAKEN = (400, 22003)
"""Status and code for a second queue of one name in an account."""

# --- Flex tokens ------------------------------------------------------------------------------

INVALID_FLEX_TOKEN_STATUS = 200
"""HTTP status for a token that is not valid: `valid` in the answer is false.  The published
validator reads `valid` and `message` whatever the status is."""

INVALID_FLEX_TOKEN = (20101, "Invalid Access Token")
"""Code and message for a token that Twilio never issued, or issued for another account; the code
and its text are documented for access tokens."""

EXPIRED_FLEX_TOKEN = (20104, "Access Token expired or expiration date invalid")
"""Code and message for a token that has expired; documented for access tokens."""

FLEX_TOKEN_IDENTITY = "user_40example_2Ecom"  # noqa: S105 - a name
"""Identity of a test token without worker and identity.  In an identity `_` and two upper-case
hexadecimal digits stand for a character, as recorded (`_40` for `@`); realm_user_id spells it
out."""

FLEX_TOKEN_ROLES = ("agent",)
"""Roles of a test token where neither roles are given nor the worker's attributes have any."""

# --- statistics -------------------------------------------------------------------------------

WORKER_STATISTICS_REFUSED = (400, 20001)
"""Status and code where workers' statistics are refused because the workspace has more than 100;
the worker statistics page says that they may not be accessible then, not how."""

STATISTICS_DAYS = 30
"""Statistics reach back this many days at most (documented); a window that reaches further is cut
there without an error (assumed)."""

# --- Sync -------------------------------------------------------------------------------------

SYNC_DEFAULT_SERVICE_EXISTS = True
"""Every account has a ready-made Sync service, found as `default` in addresses."""

SYNC_BAD_REVISION_STATUS = 400
"""Status of 54003, an If-Match that is no revision."""

SYNC_DATA_TOO_LARGE_STATUS = 413
"""Status of 54006, data above 16 KiB."""

SYNC_KEY_TAKEN_STATUS = 409
"""Status of 54208, a key that a map has already."""

SYNC_BAD_NAME_STATUS = 400
"""Status of 54302, a unique name that is none (longer than 256 characters, a SID, with a slash)."""

# --- Serverless -------------------------------------------------------------------------------

SERVERLESS_NAME_TAKEN = (409, 20409)
"""Status and code for a service, environment, suffix or variable whose name is taken."""

DOMAIN_DIGITS = (1000, 9999)
"""The digits of a service's domain: a number within these, made from the service's SID."""

DEFAULT_RUNTIME = "node22"
"""Runtime of a build that names none."""

BUILD_SECONDS = 0.1
"""How long a build stays `building`, so that clients have to wait for it."""

BUILDS_NOT_LIVE_ARE_DELETED = True
"""Builds no environment runs are deleted like versions no build holds: pages of another age say
so, the present one does not name them."""

ASSET_HEADERS = (("Access-Control-Allow-Origin", "*"),)
"""What assets are served with beside type and ETag: pages of every origin may read them, so that
an ES module can be imported from one."""

LOGS_NEWEST_FIRST = True
"""Log lines are listed from the newest to the oldest."""
