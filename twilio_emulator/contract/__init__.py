"""Check what clients ask and what the emulator answers against Twilio's OpenAPI documents.

The documents are not part of this package: whoever has them names their folder
(`twilio-emulator serve --openapi DIR` or the variable `TWILIO_OPENAPI`).  Every exchange is then
checked as it happens: the operation exists, its parameters are known and have the declared form,
the status is declared, and the answer has every declared field, none besides, and of the declared
type and format.  What does not fit is a `Violation`; each distinct one is written once, as a JSON
line, into a file per process in the folder `TWILIO_OPENAPI_REPORT`, or else to the error stream.

* `documents` reads the documents into operations.
* `schemas` compiles their schemas, once per operation, more strictly than they are written.
* `checking` finds what is wrong with one exchange.
* `exceptions` names where the documents and recorded behaviour differ, with the reason.
* `app` serves with the check; `report` keeps what was found.
"""

from .app import CheckedApp
from .documents import Documents, Operation
from .report import Violation, read_reports

__all__ = ["CheckedApp", "Documents", "Operation", "Violation", "read_reports"]
