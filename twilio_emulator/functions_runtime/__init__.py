"""Run Twilio Functions in real Node processes with Twilio's own runtime handler.

Knows nothing of the emulator's store or wire: the Serverless product describes what to run as a
`Program` and what came in as an `Invocation`, and gets an `Outcome` with the log lines written.

* `FunctionPool.invoke(program, account_sid, invocation)` runs one invocation.
* `lay_out(files, packages, directory)` writes a build's files where Node finds them.
* `with disturbed(Disturbance("kill", 0.5)):` has the execution inside it disturbed.
* `installed_packages()` and `resolve(...)` decide a build's dependencies.
"""

from .bundle import BundleFile, Route, file_name, lay_out
from .dependencies import (
    DependencyProblem,
    Resolution,
    RuntimeNotInstalled,
    installed_packages,
    resolve,
)
from .disturbance import Disturbance, disturbed
from .invocation import Answered, Crashed, Invocation, LogLine, Outcome, Saturated, TimedOut
from .pool import FunctionPool
from .process import Program
from .settings import RuntimeSettings

__all__ = [
    "Answered",
    "BundleFile",
    "Crashed",
    "DependencyProblem",
    "Disturbance",
    "FunctionPool",
    "Invocation",
    "LogLine",
    "Outcome",
    "Program",
    "Resolution",
    "Route",
    "RuntimeNotInstalled",
    "RuntimeSettings",
    "Saturated",
    "TimedOut",
    "disturbed",
    "file_name",
    "installed_packages",
    "lay_out",
    "resolve",
]
