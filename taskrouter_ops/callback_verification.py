"""Prove that the workspace's events reach the event handler, and that only Twilio's do.

Three checks, in this order, each of which ends the verification when it fails:

`callback-settings`    the workspace's callback URL and events read back as they should be
`callback-signature`   the event handler refuses an unsigned request and answers a signed one
`event-round-trip`     a real event arrives: a probe queue that matches nobody is created and
                       deleted, and the event handler's receipts appear in Sync
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from twilio.request_validator import RequestValidator

from taskrouter_ops.errors import VerificationFailed
from taskrouter_ops.probe import ProbeTimes, event_round_trip
from taskrouter_ops.target import CallbackSettings, Target
from taskrouter_ops.waiting import REAL_TIME, Report, Waiting, silent
from twilio_client import Response, TwilioClient, Unreachable, urls

# A domain that was just deployed to may take seconds until it answers everywhere.
FRESH_DOMAIN_SECONDS = 45.0
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 5.0
REFUSED = frozenset({400, 401, 403})
ANSWERED = frozenset(range(200, 300))

# Of no type Twilio sends, so the event handler ignores it.
VERIFICATION_EVENT = "taskrouter.verification"


@dataclass(frozen=True)
class Check:
    """One check and how it ended."""

    name: str
    outcome: Literal["passed", "skipped", "failed"]
    detail: str

    def as_dict(self) -> dict[str, Any]:
        """Return the check for JSON."""
        return asdict(self)


def verify(
    client: TwilioClient,
    target: Target,
    settings: CallbackSettings,
    report: Report = silent,
    *,
    auth_token: str | None,
    fresh_domain_seconds: float = FRESH_DOMAIN_SECONDS,
    probe_times: ProbeTimes | None = None,
    waiting: Waiting = REAL_TIME,
) -> list[Check]:
    """Run the three checks; running it again is always safe.

    With an API key alone nobody can sign as Twilio does; the signed half of the second check
    is then reported as skipped, and the third proves the same with Twilio's own signature.

    Units: `fresh_domain_seconds` bounds the repeats while the functions do not answer yet.

    Raises: VerificationFailed naming the check, what was found and what to do; TwilioError.
    """
    checks = [_settings_read_back(client, target, settings)]
    report("verify-callbacks: settings read back equal, calling the event handler")
    address = settings.url.partition("#")[0]  # the rest says how to deliver
    handler = EventHandler(client, target, address, fresh_domain_seconds, waiting)
    checks += handler.check(auth_token)
    report("verify-callbacks: waiting for a real event to make the round trip")
    outcome, detail = event_round_trip(
        client, target, settings, waiting=waiting, times=probe_times or ProbeTimes()
    )
    return [*checks, Check("event-round-trip", outcome, detail)]


def _settings_read_back(client: TwilioClient, target: Target, settings: CallbackSettings) -> Check:
    what = f"read Workspace {target.workspace_sid}"
    workspace = client.get(urls.taskrouter("Workspaces", target.workspace_sid), what=what).body
    url = workspace.get("event_callback_url") or ""
    events = event_names(workspace.get("events_filter") or "")
    if url != settings.url:
        raise VerificationFailed(
            check="callback-settings",
            found=f"Workspace {target.workspace_sid} calls {url or 'nobody'}, not {settings.url}",
            advice="run `pulumi refresh` to see who changed it, then `pulumi up` to set it again",
        )
    if events != (wanted := set(settings.events)):
        raise VerificationFailed(
            check="callback-settings",
            found=f"Workspace {target.workspace_sid} {_difference(events, wanted)}",
            advice="run `pulumi refresh` to see who changed it, then `pulumi up` to set it again",
        )
    return Check("callback-settings", "passed", f"{url} for {len(events)} events")


def event_names(text: str) -> set[str]:
    """Return the names in an events filter."""
    return {name.strip() for name in text.split(",") if name.strip()}


def _difference(found: set[str], wanted: set[str]) -> str:
    if not found:
        return "has no events filter, so it sends all events"
    missing, extra = sorted(wanted - found), sorted(found - wanted)
    parts = [f"does not send {', '.join(missing)}"] if missing else []
    parts += [f"also sends {', '.join(extra)}"] if extra else []
    return " and ".join(parts)


class EventHandler:
    """Calls the event handler as a stranger and as Twilio."""

    def __init__(
        self,
        client: TwilioClient,
        target: Target,
        url: str,
        fresh_domain_seconds: float,
        waiting: Waiting,
    ) -> None:
        """Bind to the handler's address; nothing is sent yet.

        Units: `fresh_domain_seconds` bounds the repeats while nobody answers; 0 is one attempt.
        """
        self._client = client
        self._url = url
        self._patience = fresh_domain_seconds
        self._waiting = waiting
        self._form = {
            "EventType": VERIFICATION_EVENT,
            "AccountSid": client.credentials.account_sid,
            "WorkspaceSid": target.workspace_sid,
        }

    def check(self, auth_token: str | None) -> list[Check]:
        """Send an unsigned event, and a signed one where there is a token.

        Raises: VerificationFailed.
        """
        unsigned = self._answer({})
        if unsigned.status in ANSWERED:
            raise VerificationFailed(
                check="callback-signature",
                found=f"{self._url} answered an unsigned request with {unsigned.status}",
                advice="anybody can forge events: deploy the event handler as a protected function",
            )
        self._require(unsigned, REFUSED, "an unsigned request")
        if not auth_token:
            return [
                Check("callback-signature", "passed", "an unsigned request was refused"),
                Check(
                    "signed-request",
                    "skipped",
                    "an API key cannot make Twilio's signature; give the auth token to check this",
                ),
            ]
        signature = RequestValidator(auth_token).compute_signature(self._url, self._form)
        signed = self._answer({"X-Twilio-Signature": signature})
        self._require(signed, ANSWERED, "a signed request")
        return [
            Check("callback-signature", "passed", "an unsigned request was refused"),
            Check("signed-request", "passed", f"a signed request was answered {signed.status}"),
        ]

    def _answer(self, headers: dict[str, str]) -> Response:
        """Call until the event handler itself has answered, or patience runs out."""
        deadline = self._waiting.now() + self._patience
        pause = FIRST_PAUSE_SECONDS
        while True:
            answer, problem = self._call(headers)
            if answer and answer.status in ANSWERED | REFUSED:
                return answer
            if self._waiting.now() + pause > deadline:
                if answer:
                    return answer
                raise self._unreachable(problem)
            self._waiting.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _call(self, headers: dict[str, str]) -> tuple[Response | None, str]:
        try:
            answer = self._client.call_function(self._url, form_body=self._form, headers=headers)
        except Unreachable as error:
            return None, error.twilio_message
        return answer, ""

    def _unreachable(self, problem: str) -> VerificationFailed:
        return VerificationFailed(
            check="callback-signature",
            found=f"{self._url} cannot be reached ({problem}){self._tried()}",
            advice="check that the functions are deployed and the callback URL is theirs, "
            "then run `pulumi up` again",
        )

    def _require(self, answer: Response, good: frozenset[int], request: str) -> None:
        if answer.status in good:
            return
        raise VerificationFailed(
            check="callback-signature",
            found=f"{self._url} answered {request} with {answer.status}{self._tried()}",
            advice=_advice(answer.status, request),
        )

    def _tried(self) -> str:
        return f", tried for {self._patience:.0f} s" if self._patience else ""


def _advice(status: int, request: str) -> str:
    if status in REFUSED and request == "a signed request":
        return (
            "the functions check signatures with another auth token: give this account's primary "
            "auth token"
        )
    if status == 404:
        return "check that the event handler is part of the deployed build"
    return "look at the event handler's log in the Twilio Console, then run `pulumi up` again"
