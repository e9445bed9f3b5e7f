"""What the emulator does where no public source says what Twilio does.

Every name here is an assumption: nothing behind it was read in Twilio's documentation or
recorded from the service.  Each stands in one place so that it can be put right in one place.

Assumed as well, without a switch: deleting a workspace takes everything in it along without an
event for each part; a new workspace's default content raises no events of its own; deleting a
worker needs no particular activity; every accepted update of a worker counts its version up,
changed or not; AND binds closer than OR; strings compare case-sensitively; values of different
types are unequal and have no order; an array compared with an array is false.
"""

from __future__ import annotations

# --- errors -----------------------------------------------------------------------------------

# Status and code for a state TaskRouter does not allow (a delete of something in use, a name
# taken).  Documented as TaskRouter's catch-all, not for these cases one by one.
ILLEGAL_STATE = (400, 20001)

# --- workspaces -------------------------------------------------------------------------------

# Names of what Template=FIFO adds; seen in samples only.
FIFO_QUEUE_NAME = "Sample Queue"
FIFO_WORKFLOW_NAME = "Default Fifo Workflow"

# A workspace that is multitasking stays so.
MULTITASKING_IS_ONE_WAY = True

# Names in EventsFilter that are no event types are refused; otherwise they are kept and match
# nothing.
UNKNOWN_EVENT_TYPES_ARE_REFUSED = False

# --- activities, channels, queues, workflows --------------------------------------------------

# An activity cannot be deleted while a worker is in it or a queue names it.
ACTIVITY_IN_USE_IS_KEPT = True

# The task channel "default" cannot be deleted.
DEFAULT_TASK_CHANNEL_IS_KEPT = True

# A queue cannot be deleted while a workflow's configuration names it.
QUEUE_IN_WORKFLOW_IS_KEPT = True

# A workflow's configuration may only name queues of its workspace.
WORKFLOW_QUEUES_MUST_EXIST = True

# --- workers ----------------------------------------------------------------------------------

# Attributes that are the same as before raise a worker.attributes.update.
UNCHANGED_ATTRIBUTES_RAISE_EVENT = False

# `TargetWorkersExpression` reads sid, friendly_name, activity_sid and activity_name from the
# worker itself even where its attributes have such a key.
WORKER_FIELDS_HIDE_ATTRIBUTES = True

# --- expressions ------------------------------------------------------------------------------

# A missing or null attribute differs from every value (`x != 'a'` is true).
MISSING_DIFFERS_FROM_VALUES = True

# A missing or null attribute is NOT IN every array.
MISSING_IS_NOT_IN_ARRAYS = True

# Most characters of an expression; none is documented.
EXPRESSION_LENGTH = 10_000

# --- events -----------------------------------------------------------------------------------

# How many events are kept for the Events list.
EVENTS_KEPT = 5_000

# OperatingUnitSid of events: one per account, made from its SID.
OPERATING_UNIT_PREFIX = "OU"

# Callbacks of one emulator under way at a time.
CALLBACKS_AT_A_TIME = 30
