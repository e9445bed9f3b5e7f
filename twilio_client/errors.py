"""What can go wrong at Twilio's door.

    TwilioError
    ├── CredentialsError      nothing was sent: no usable credentials
    ├── AttributesTooLong     nothing was sent: over Twilio's 4096 characters
    ├── AttributesInvalid     nothing was sent: not a JSON object
    ├── AttributesUnreadable  nothing was sent: what is there is not a JSON object
    ├── UpdateUncertain       an answer was lost and nothing tells whether the write happened
    ├── Unreachable           no answer: refused, dropped, timed out
    └── (an answer)
        ├── InvalidRequest      400  (TaskRouter also says 20001 for a state that forbids it)
        ├── Unauthorized        401, 403
        ├── NotFound            404
        ├── Conflict            409
        ├── Gone                410  (a rescinded reservation)
        ├── PreconditionFailed  412  (If-Match did not hold)
        ├── RateLimited         429  (never processed: always safe to repeat)
        └── ServerFault         5xx

Each class is a status worth catching on its own; the text always says what was attempted,
what Twilio answered and what to do next, and never carries a credential or an attribute.
"""

from __future__ import annotations

from collections.abc import Mapping

# Long bodies are pages of HTML or somebody's attributes; neither belongs in a log.
MESSAGE_LIMIT = 256


class TwilioError(Exception):
    """Any failure to get a good answer from Twilio.

    Attributes:
        what: what was attempted, as a phrase ("create TaskQueue 'Sales'").
        status: HTTP status, None where nothing was answered.
        code: Twilio's error code, None where there is none.
        twilio_message: Twilio's own words, cut to 256 characters.
        retry_safe: whether the same call may be repeated without a double effect.
    """

    advice = "see the error code in Twilio's error dictionary"
    retry_safe = False

    def __init__(
        self,
        what: str,
        *,
        status: int | None = None,
        code: int | None = None,
        twilio_message: str = "",
        advice: str | None = None,
        retry_safe: bool | None = None,
    ) -> None:
        """Describe one failed attempt; the text follows from the parts."""
        self.what = what
        self.status = status
        self.code = code
        self.twilio_message = twilio_message[:MESSAGE_LIMIT]
        if advice is not None:
            self.advice = advice
        if retry_safe is not None:
            self.retry_safe = retry_safe
        super().__init__(self._text())

    def _text(self) -> str:
        answer = f"Twilio answered {self.status}"
        if self.code is not None:
            answer += f" (error {self.code})"
        said = f": {self.twilio_message.rstrip('.')}" if self.twilio_message else ""
        return f"{self.what}: {answer}{said}; {self.advice}"


class CredentialsError(TwilioError):
    """No usable credentials; nothing was sent."""

    def _text(self) -> str:
        return f"{self.what}; {self.advice}"


class AttributesTooLong(TwilioError):
    """Attributes over 4096 characters; nothing was sent (Source: TaskRouter limits page)."""

    def _text(self) -> str:
        return f"{self.what}: {self.twilio_message}; {self.advice}"


class AttributesInvalid(TwilioError):
    """What was to be written is no JSON object; nothing was sent."""

    advice = "give a JSON object: text keys; text, numbers, booleans, null, lists and objects"

    def _text(self) -> str:
        return f"{self.what}: attributes are not valid: {self.twilio_message}; {self.advice}"


class AttributesUnreadable(TwilioError):
    """The attributes that are there are no JSON object, so a change would destroy them."""

    advice = "nothing was written; replace them as a whole with a JSON object, then run it again"

    def _text(self) -> str:
        return (
            f"{self.what}: its attributes cannot be changed: {self.twilio_message}; {self.advice}"
        )


class UpdateUncertain(TwilioError):
    """The answer to a write was lost, and what is there now does not tell whether it happened."""

    advice = "look at the attributes before repeating it: it may have been applied"

    def _text(self) -> str:
        answer = f"Twilio answered {self.status}" if self.status else "no answer from Twilio"
        return f"{self.what}: {answer}, {self.twilio_message}; {self.advice}"


class Unreachable(TwilioError):
    """No answer came: connection refused or dropped, or the time limit passed."""

    advice = "check the network and the base URL, then run it again"

    def _text(self) -> str:
        return f"{self.what}: no answer from Twilio ({self.twilio_message}); {self.advice}"


class InvalidRequest(TwilioError):
    """400: a parameter Twilio does not take, or a state that forbids the change."""

    advice = "correct what Twilio names"


class Unauthorized(TwilioError):
    """401 or 403: the credentials are wrong or may not do this."""

    advice = (
        "check the account SID and the auth token or API key "
        "(a sub-account's resources need the sub-account's own); a stack keeps those of its last "
        "update: after a change run `pulumi up` first"
    )


class NotFound(TwilioError):
    """404: there is no such resource (any more)."""

    advice = "it was deleted, or belongs to another account"


class Conflict(TwilioError):
    """409: the name is taken, or the change collides with another."""

    advice = "choose another unique name or import the existing resource"


class Gone(TwilioError):
    """410: it was there and is over (a reservation another worker won)."""

    advice = "nothing to do: somebody else was first"


class PreconditionFailed(TwilioError):
    """412: somebody changed it since it was read (Source: error 20412, 54103)."""

    advice = "read it again and repeat the change on the fresh copy"
    retry_safe = True


class RateLimited(TwilioError):
    """429: too many requests; never processed (Source: error 20429)."""

    advice = "wait a moment and run it again"
    retry_safe = True


class ServerFault(TwilioError):
    """5xx: Twilio failed; the change may or may not have taken effect."""

    advice = "look whether the change took effect, then run it again"


_BY_STATUS: Mapping[int, type[TwilioError]] = {
    400: InvalidRequest,
    401: Unauthorized,
    403: Unauthorized,
    404: NotFound,
    409: Conflict,
    410: Gone,
    412: PreconditionFailed,
    429: RateLimited,
}


def error_for(what: str, status: int, body: object, *, reading: bool = False) -> TwilioError:
    """Make the error for an answer, whatever form its body has.

    `reading` says that nothing was to be changed: then a failure of Twilio's is safe to repeat.

    Understands Twilio's classic envelope (code, message) and RFC 9457 problems
    (code, title, detail). Source: python SDK 9.13 `twilio/base/exceptions.py`.
    """
    fields = body if isinstance(body, Mapping) else {}
    code = fields.get("code")
    message = fields.get("message") or fields.get("detail") or fields.get("title") or ""
    kind = _BY_STATUS.get(status) or (ServerFault if status >= 500 else TwilioError)
    harmless = reading and kind is ServerFault
    return kind(
        what,
        status=status,
        code=code if isinstance(code, int) else None,
        twilio_message=str(message),
        advice="nothing was changed; run it again" if harmless else None,
        retry_safe=True if harmless else None,
    )


def unexpected(what: str, kind: str) -> TwilioError:
    """Make the error for an answer 200 that is not what was asked for."""
    return TwilioError(
        what,
        status=200,
        twilio_message=f"with something that is no {kind}",
        advice="look what answers at the base URL, then run it again",
        retry_safe=True,
    )
