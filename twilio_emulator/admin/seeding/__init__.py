"""Make workers, tasks, calls and conferences in bulk, from one document.

`POST /_emulator/seed` takes the document as JSON, `twilio-emulator seed FILE` as YAML or JSON.
It is checked whole before anything is made (`document.SCHEMA`, then `plan` against what
there is), and made whole in one transaction.
"""

from .document import SCHEMA
from .planting import plant
from .reading import Plan, WrongSeed, plan

__all__ = ["SCHEMA", "Plan", "WrongSeed", "plan", "plant"]
