"""What the emulator does beyond routes and parameters, and where each is known from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Known = Literal["spec", "doc", "assumed", "not emulated"]


@dataclass(frozen=True)
class Behaviour:
    """One behaviour; `text` is a sentence without its full stop."""

    area: str
    text: str
    source: Known


def _of(area: str, *rows: tuple[str, Known]) -> tuple[Behaviour, ...]:
    return tuple(Behaviour(area, text, source) for text, source in rows)


_WIRE = _of(
    "Requests and answers",
    ("errors carry code, message, more_info and status", "doc"),
    ("an unknown address answers 404, another method of a known one 405, each by name", "doc"),
    ("an unknown parameter is refused with 400/20001 by name; Twilio may ignore it", "assumed"),
    ("JSON that nests more than 500 deep is refused with 400/20001", "assumed"),
    ("a parameter given twice counts as given last", "assumed"),
    ("an empty value clears a property; an address that is not set reads back empty", "doc"),
    ("lists carry meta with first, next and previous page, page size and key", "spec"),
    ("the 2010 API's lists are flat, with relative addresses and RFC 2822 dates", "spec"),
    ("pages are found by PageToken alone; Page without it is refused with 400/40153", "doc"),
    ("every answer carries Twilio-Request-Id, -Request-Duration, -Concurrent-Requests", "doc"),
    ("ETag is the version in quotes; If-Match is taken bare, quoted and weak", "doc"),
    ("a stale If-Match is refused with 412/20412, decided together with the write", "doc"),
    ("TaskRouter's answers carry X-Rate-Limit-Limit, -Remaining and -Config", "spec"),
    ("what is in the X-Rate-Limit headers", "assumed"),
    ("a list's ETag counts the changes to what it lists", "assumed"),
    ("wrong credentials answer 401/20003", "doc"),
    ("an account's credentials are good for its sub-accounts in the 2010 API alone", "doc"),
    ("headers for pages of other origins (Access-Control-Allow-...)", "not emulated"),
)
_EXPRESSIONS = _of(
    "Expressions",
    ("operators, aliases, null, indexes and array literals of the syntax page", "doc"),
    ("keywords in any case", "doc"),
    ("a missing key is null", "doc"),
    ("a syntax error is refused with 400/20001 where it is written", "doc"),
    ("AND binds closer than OR", "assumed"),
    ("values of different types are unequal and have no order", "assumed"),
    ("an array compared with an array is false", "assumed"),
    ("an expression that nests more than some hundred times is refused", "assumed"),
)
_WORKSPACES = _of(
    "Workspaces and what is in them",
    ("a new workspace has three activities and five task channels", "doc"),
    ("a new workspace's default content raises no events of its own", "assumed"),
    ("deleting a workspace takes all in it along, without an event for each part", "assumed"),
    ("Available of an activity cannot change: it is accepted and ignored", "doc"),
    ("the default and the timeout activity of a workspace cannot be deleted", "doc"),
    ("a task channel's unique name has letters, digits, _ and $, no digit first", "doc"),
    ("a worker's friendly name is unique in its workspace, whatever its case", "doc"),
    ("several workspaces, activities, queues or workflows may have one name", "assumed"),
    ("a task channel can be deleted while workers and tasks use it; these keep its SID", "assumed"),
    ("every accepted update of a worker counts its version up, changed or not", "assumed"),
    ("new and completed reservations, changes of capacity count a worker's version up", "doc"),
    ("no other end of a reservation, and no acceptance, counts it up", "assumed"),
    ("every change of a task or a reservation counts its version up", "assumed"),
    ("attributes are written anew by the server; compare them as JSON", "doc"),
)
_LIMITS = _of(
    "Limits, each with a switch",
    ("4096 characters of a worker's or task's attributes", "doc"),
    ("1,038,576 bytes of a workflow's configuration", "doc"),
    ("100 activities, 250 task queues, 15,000 workers in a workspace", "doc"),
    ("3 requests a second for each filter evaluated at request time", "doc"),
    ("statistics of workers are refused with more than 100 workers", "doc"),
    ("Sync: 20 writes and 20 reads a second per object, ten seconds' worth at once", "doc"),
    ("Sync: from 10 KiB on 2 writes a second", "doc"),
    ("Sync: how writes of 1 to 10 KiB are weighed", "assumed"),
    ("Sync: 20 new objects a second", "doc"),
    ("Sync: that new objects are counted per service", "assumed"),
    ("Sync: 16 KiB of data", "doc"),
    ("Serverless: 450 bytes of a variable's value", "doc"),
    ("Serverless: 25 MB of a public or protected, 10 MB of a private asset", "doc"),
    ("Serverless: 50 functions, 50 private and 1000 other assets in a build", "doc"),
    ("functions: 10 seconds for an execution, 30 executions at a time", "doc"),
    ("numbers of workspaces, workflows, task channels and tasks", "not emulated"),
    ("the beta's numbers of services, environments and builds an hour", "not emulated"),
    ("3 KB of a function's context, variables included", "not emulated"),
)
_ROUTING = _of(
    "Routing",
    ("the first matching filter is entered, its targets in order, timeouts add up", "doc"),
    ("a target's priority overrides the task's", "doc"),
    ("at a target without a priority the task's own counts again", "assumed"),
    ("the timeouts of all filters a task comes through add up", "assumed"),
    ("a worker or queue as RoutingTarget, or TaskQueueSid, passes by the filters", "assumed"),
    ("skip_if is evaluated where no reservation can be made at once", "doc"),
    ("order_by and known workers; without them the worker idle longest", "doc"),
    ("a task that leaves its workflow is canceled", "doc"),
    ("FIFO by priority, then virtual start time; LIFO the newest, whatever its priority", "doc"),
    ("capacity and availability per channel; IgnoreCapacity passes both", "doc"),
    ("a queue with MaxReservedWorkers N offers a task to up to N workers at once", "doc"),
    ("the first accept assigns; the others are rescinded, accepting one answers 410", "doc"),
    ("workers who become free later are not added to offers under way", "assumed"),
    ("a reservation that times out moves the worker to the timeout activity", "doc"),
    ("a rejecting worker keeps the activity unless WorkerActivitySid is given", "doc"),
    ("a task lives for its timeout, a day assigned, five minutes ended", "doc"),
    ("texts of refused state changes, as recorded", "doc"),
    ("ReEvaluateTasks puts waiting tasks through the workflow again", "doc"),
    ("assignment callbacks within 5 s, then the fallback; both failed: canceled", "doc"),
    ("what instructions change in TaskRouter", "doc"),
    ("an answer not called application/json does not count", "doc"),
    ("that such an answer brings in the fallback, as a failed one does", "assumed"),
    ("moving a worker to post_work_activity_sid, which is checked only", "not emulated"),
    ("telephony behind dequeue, call, conference, redirect and supervise", "not emulated"),
    ("transfers of tasks", "not emulated"),
)
_EVENTS = _of(
    "Events and callbacks",
    ("names, field sets and descriptions of events, recorded where there are recordings", "doc"),
    ("resource types of events other than worker and taskqueue", "assumed"),
    ("callbacks are filtered by EventsFilter; an empty filter lets all through", "doc"),
    ("15 s for an event callback; one retry, for failed connections alone", "doc"),
    ("connection overrides in the address's fragment", "doc"),
    ("X-Twilio-Signature over address and parameters (HMAC-SHA1)", "doc"),
    ("the Events list shows the last 15 minutes unless asked otherwise", "spec"),
    ("task.transfer-... and reservation.failed events", "not emulated"),
    ("task attributes blanked in events after 30 days", "not emulated"),
)
_STATISTICS = _of(
    "Statistics",
    ("fields of real-time and cumulative statistics", "spec"),
    ("what a number counts where its description leaves it open", "assumed"),
    ("windows of 15 minutes unless asked otherwise, 30 days back", "doc"),
)
_CALLS = _of(
    "Calls",
    ("records of calls, queues, conferences and participants", "spec"),
    ("dialling, TwiML, recordings and callbacks of calls", "not emulated"),
)
_SYNC = _of(
    "Sync",
    ("a document or item carries its revision as ETag; a stale If-Match answers 412", "spec"),
    ("codes 54103, 54155 and 54205 for a stale revision, 54301 for a taken name", "doc"),
    ("expired objects are gone at their date; Twilio deletes them some time after it", "doc"),
    ("CollectionTtl of an item's update needs Data, Ttl or ItemTtl beside it", "spec"),
    ("making, changing and deleting an item counts its list's or map's revision up", "assumed"),
    ("properties of a service that were not set, or cleared, are null", "assumed"),
    ("created_by is `system`", "spec"),
    ("message streams, permissions, webhooks and clients of the Sync SDK", "not emulated"),
)
_SERVERLESS = _of(
    "Serverless",
    ("versions are uploaded to serverless-upload.twilio.com as multipart forms", "doc"),
    ("a build needs a version, is `building`, then `completed` or `failed`", "spec"),
    ("Twilio's default dependencies are added to a build's own", "doc"),
    ("a build that is live in an environment cannot be deleted", "doc"),
    ("deleting a function keeps its versions in builds", "assumed"),
    ("variables take effect from the next execution on", "doc"),
    ("logs are kept for 30 days and listed for the last day unless asked otherwise", "doc"),
    ("versions outside of builds and empty files are deleted after seven days", "doc"),
    ("OPTIONS is answered for public and protected files, and no function sees it", "doc"),
    ("that answer allows every origin and header", "doc"),
    ("its status, methods and age, as in Twilio's own local runtime", "doc"),
    ("Host, Referer, Via, X-Forwarded-... and their like are kept from functions", "doc"),
    ("assets are served to pages of every origin", "assumed"),
    ("15 KB and 90 headers and cookies of a request or answer", "not emulated"),
    ("protected files need a signature, private ones answer to nobody", "doc"),
    ("status of an unsigned request to a protected file (403; a page says 400)", "assumed"),
    ("one request at a time per process, processes are kept warm", "doc"),
    ("functions run in the machine's Node, whatever runtime the build names", "not emulated"),
)
_FLEX = _of(
    "Flex",
    ("an account without Flex has no configuration and answers 404", "assumed"),
    ("the update replaces the properties given and keeps the others", "assumed"),
    ("address, body and answer of Tokens/validate for a valid token", "doc"),
    ("a token is good for the account it was issued for alone", "assumed"),
    ("a token's account is the credentials' own; another in the address answers 404", "assumed"),
    ("signing in to Flex; test tokens come from the emulator's own route", "not emulated"),
)

BEHAVIOURS = (
    *_WIRE,
    *_EXPRESSIONS,
    *_WORKSPACES,
    *_ROUTING,
    *_EVENTS,
    *_STATISTICS,
    *_SYNC,
    *_SERVERLESS,
    *_CALLS,
    *_FLEX,
    *_LIMITS,
)
