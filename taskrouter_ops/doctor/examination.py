"""All checks, in the order in which one needs another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from taskrouter_ops.doctor import account, functions, records, routing, workspace
from taskrouter_ops.doctor.findings import Deployment, Finding
from taskrouter_ops.errors import OperationError, VerificationFailed
from taskrouter_ops.queue_sync import Listing, look
from taskrouter_ops.target import Target
from taskrouter_ops.waiting import REAL_TIME, Report, Waiting, silent
from twilio_client import Response, TwilioClient, TwilioError

NO_WORKSPACE = "no workspace: give --workspace-sid, --stack or --stack-outputs"
NO_SYNC_SERVICE = "no Sync service: give --sync-service-sid, --stack or --stack-outputs"
NO_FUNCTIONS = "no functions: give --functions-url, --stack or --stack-outputs"
UNREADABLE = "somebody else wrote to it, or another version did: look at it in the Console"
NO_CREDENTIALS = "the credentials do not let us in, or the account is not active"


def examine(
    client: TwilioClient,
    deployment: Deployment,
    report: Report = silent,
    *,
    waiting: Waiting = REAL_TIME,
) -> list[Finding]:
    """Run every check that can run and return what was found; never more than one of each name.

    Nothing is written: strangers' requests to the functions are refused, and the one signed
    event is of a type the event handler ignores. A check that fails does not stop the others;
    one that needs what another did not find is skipped and says why.

    Requests: about 12, one for each task queue, and one for each page and Functions service.

    Raises: nothing of Twilio's; every error is a finding.
    """
    return _Examination(client, deployment, report, waiting).run()


class _Examination:
    def __init__(
        self, client: TwilioClient, deployment: Deployment, report: Report, waiting: Waiting
    ) -> None:
        self._client = client
        self._known = deployment
        self._report = report
        self._waiting = waiting
        self._findings: list[Finding] = []
        self._target = Target(
            deployment.workspace_sid or "",
            deployment.sync_service_sid or "",
            deployment.functions_url or "",
        )

    def run(self) -> list[Finding]:
        answer = self._account()
        locked = None if answer else NO_CREDENTIALS
        self._workspace(locked or (None if self._known.workspace_sid else NO_WORKSPACE))
        self._functions(locked, None if self._known.functions_url else NO_FUNCTIONS)
        self._records(locked or (None if self._known.sync_service_sid else NO_SYNC_SERVICE))
        return self._findings

    def _account(self) -> Response | None:
        answer = self._check(account.CREDENTIALS, lambda: account.credentials(self._client))
        if answer is None:
            self._skip(NO_CREDENTIALS, account.CLOCK)
            return None
        now = self._waiting.now()
        self._check(account.CLOCK, lambda: (account.clock(answer, now), None))
        suspended = self._findings[0].outcome == "failed"
        return None if suspended else answer

    def _workspace(self, unable: str | None) -> None:
        others = (workspace.ACTIVITIES, workspace.CALLBACK)
        routed = (routing.DRIFT, routing.QUEUES, routing.WORKFLOWS)
        if unable:
            return self._skip(unable, workspace.WORKSPACE, *others, *routed)
        client, sid = self._client, self._target.workspace_sid
        body = self._check(workspace.WORKSPACE, lambda: workspace.workspace(client, sid))
        if body is None:
            return self._skip("the workspace was not found", *others, *routed)
        self._check(others[0], lambda: (workspace.activities(client, body), None))
        if wanted := self._known.callback:
            self._check(workspace.CALLBACK, lambda: (workspace.callback(body, wanted), None))
        else:
            self._skip(NO_FUNCTIONS, workspace.CALLBACK)
        return self._routing(routed)

    def _routing(self, names: tuple[str, ...]) -> None:
        client, sid = self._client, self._target.workspace_sid
        listing: Listing | None = self._check(
            routing.DRIFT,
            lambda: (routing.drift(seen := look(client, sid, self._report)), seen),
        )
        if listing is None:
            return self._skip("the queues could not be listed", *names[1:])
        self._check(routing.QUEUES, lambda: (routing.queues(listing), None))
        self._check(routing.WORKFLOWS, lambda: (routing.workflows(client, sid, listing), None))
        return None

    def _functions(self, locked: str | None, unknown: str | None) -> None:
        client, target = self._client, self._target
        named = (functions.EVENT_HANDLER, functions.BATCH_ENDPOINT, functions.FRONT_END_ENDPOINTS)
        if unknown:
            return self._skip(unknown, functions.ENVIRONMENT, *named)
        if locked:
            self._skip(locked, functions.ENVIRONMENT)
        else:
            self._check(
                functions.ENVIRONMENT, lambda: (functions.environment(client, target), None)
            )
        url = self._known.callback.url if self._known.callback else target.event_handler
        waiting = self._waiting
        for name, check in zip(
            named,
            (
                lambda: functions.event_handler(client, target, url, waiting),
                lambda: functions.batch_endpoint(client, target),
                lambda: functions.front_end_endpoints(client, target),
            ),
            strict=True,
        ):
            self._check(name, lambda check=check: (check(), None))  # type: ignore[misc]
        return None

    def _records(self, unable: str | None) -> None:
        client, target, waiting = self._client, self._target, self._waiting
        others = (records.BATCH, records.RELEASE)
        if unable:
            return self._skip(unable, records.SYNC_SERVICE, *others)
        there = self._check(
            records.SYNC_SERVICE,
            lambda: (records.sync_service(client, target.sync_service_sid), True),
        )
        if not there:
            return self._skip("the Sync service was not found", *others)
        self._check(records.BATCH, lambda: (records.newest_batch(client, target, waiting), None))
        self._check(records.RELEASE, lambda: (records.release(client, target), None))
        return None

    def _check(self, name: str, look: Callable[[], tuple[Finding, Any]]) -> Any:
        """Add what a check finds, also where it fails; return what it hands on, None then."""
        self._report(f"doctor: {name}")
        try:
            finding, handed_on = look()
        except VerificationFailed as error:
            finding, handed_on = Finding(name, "failed", error.found, error.advice), None
        except TwilioError as error:
            found = str(error).removesuffix(f"; {error.advice}")
            finding, handed_on = Finding(name, "failed", found, error.advice), None
        except OperationError as error:
            finding, handed_on = Finding(name, "failed", str(error)), None
        except (LookupError, TypeError, ValueError) as error:
            found = f"what is there cannot be read ({type(error).__name__}: {error})"
            finding, handed_on = Finding(name, "failed", found, UNREADABLE), None
        self._findings.append(finding)
        return handed_on

    def _skip(self, why: str, *names: str) -> None:
        self._findings += [Finding(name, "skipped", why) for name in names]
