"""Name resources in the stack's state: `<component>-<key>`, lower case, words joined by hyphens."""

import re


def child(component: str, key: str) -> str:
    """Name a component's child after a key, a path or a constant: `functions-batch-process`."""
    words = re.findall(r"[A-Za-z0-9]+", key)
    return "-".join([component, *(word.lower() for word in words)])
