"""The page at `/_emulator/`: what the emulator holds and does, live in a browser.

* `watch` notes what changes and keeps the little that records do not tell (when a reservation
  moved from one status to the next).
* `picture` writes the present state as rows, a pure reading of the store; `details` writes one
  thing at length when somebody opens it.
* `stream` sends a browser the rows that changed, at most four times a second.
* `app` is the ASGI application: the page, its files, the stream and the details.
* `page/` holds plain HTML, CSS and ES modules.
"""

from .app import Dashboard

__all__ = ["Dashboard"]
