"""Install the vendor's release through the Pulumi SDK; run by the virtual environment's Python.

`python -m bootstrap.pulumi_cli.vendor_release <folder> <version>` ends with exit code 0, or prints
one line that says why the release could not be had.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import urllib.error

# A site that is filtered, not refused, must not hold the user up for the kernel's two minutes.
CONNECT_SECONDS = 15.0


def main(folder: str, version: str) -> int:
    """Install one release into a folder.

    Returns: the exit code, 1 when the release could not be had.
    """
    from pulumi.automation import PulumiCommand
    from semver import VersionInfo

    socket.setdefaulttimeout(CONNECT_SECONDS)
    try:
        PulumiCommand.install(root=folder, version=VersionInfo.parse(version))
    except urllib.error.URLError as error:
        print(f"its site cannot be reached: {error.reason}")
    except subprocess.CalledProcessError as error:
        lines = (error.output or b"").decode(errors="replace").strip().splitlines()
        print(f"its installer failed: {lines[-1] if lines else error}")
    except OSError as error:
        print(f"its installer failed: {error}")
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
