"""Speak Twilio's HTTP: routes, parameters, envelopes, authentication, paging.

The seam every product builds on:

A product is a package with `ROUTES: tuple[Route, ...]`, `RECORDS: tuple[type[Record], ...]`
(see `twilio_emulator.store`) and, where it needs them, `REFUSED: tuple[Refused, ...]` for what
Twilio has and the emulator has not.  It is listed in `twilio_emulator/products.py`.

    Route("POST", "sync.twilio.com", "/v1/Services/{ServiceSid}/Documents", create_document,
          parameters=(Parameter("UniqueName", max_length=256), Parameter("Ttl", "integer")),
          status=201)

* `handler(call: Call) -> Reply | dict | None`.  A dict is answered as JSON with the route's
  status, None as an empty body.  A synchronous handler runs at once on the loop inside one store
  transaction (what it writes is all there or not at all, and on disk before the answer); an
  `async def` handler opens its own transactions around the steps that need one.
* `call.sids["ServiceSid"]` are the path's parts, `call.params` the accepted parameters by their
  wire names, converted (absent ones are absent), `call.if_match` the header without its quotes
  (for routes with `if_match=True`), `call.json` the body of a route with `body="json"`,
  `call.files["Content"]` (`UploadedFile`) of one with `body="multipart"`, `call.account_sid`,
  `call.store`, `call.emulator`, `call.url(...)`.
* A parameter that is not declared, a missing required one and a wrong value are refused with
  400/20001 by name.  Kinds: string, integer, boolean, sid (`sid_prefix`), json (any JSON text),
  object (a JSON object as text), enum (`choices`), date (ISO 8601), url.  `repeated=True` gives a
  list.
  `secret=True` keeps the value out of the request journal.
* Lists: `Route(..., page_size=100)` sets the largest page and makes PageSize, Page and PageToken
  known; the handler returns `page(call, "documents", items, render)`.
* Errors: raise `ApiError(status, code, message)` or `not_found(call)`; `StaleVersion` from the
  store becomes 412/20412 (Sync catches it and raises its own 54103).
* `Reply(body, etag=record.version, status=None, headers={})`; ETag is sent quoted.
* Functions: a product sets `emulator.functions = handler`
  (`async (FunctionRequest) -> FunctionResponse`) in its `start(emulator)`; every request to a
  `*.twil.io` host goes there, from outside and from TaskRouter's event callbacks alike.
* Per-process state that is not stored: `emulator.state(SomeClass)`, made once as
  `SomeClass(emulator)`, dropped by a reset.  `async start(emulator)` and `async stop(emulator)` of
  a product run with the server.
"""

from .call import Call, Reply, UploadedFile
from .errors import ApiError, invalid, not_found
from .functions import FunctionHandler, FunctionRequest, FunctionResponse
from .paging import page
from .route import Parameter, Refused, Route

__all__ = [
    "ApiError",
    "Call",
    "FunctionHandler",
    "FunctionRequest",
    "FunctionResponse",
    "Parameter",
    "Refused",
    "Reply",
    "Route",
    "UploadedFile",
    "invalid",
    "not_found",
    "page",
]
