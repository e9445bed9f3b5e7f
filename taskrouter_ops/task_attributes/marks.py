"""The attribute `applied_changes`: which changes a task's attributes already hold.

After an answer was lost, only the task itself can say whether the write happened. A change that
must not be applied twice therefore leaves an id in the attributes, in the same write.
Agreement: docs/task-attributes.md, The mark.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
from collections.abc import Mapping, Sequence

from twilio_client.attribute_json import ATTRIBUTES_LIMIT, Attributes, json_text

APPLIED_CHANGES = "applied_changes"
KEPT_MARKS = 24

_LENGTH = 8
_ALPHABET = string.ascii_letters + string.digits
_MARK = re.compile(f"[A-Za-z0-9]{{{_LENGTH}}}")


def new_mark() -> str:
    """Make an id for one write: 8 characters [A-Za-z0-9], at random."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def mark_of(change_id: str) -> str:
    """Return the mark of an id a caller gave: 8 hexadecimal characters of its SHA-256."""
    return hashlib.sha256(change_id.encode()).hexdigest()[:_LENGTH]


def marks_in(attributes: Mapping[str, object]) -> tuple[str, ...]:
    """Return the marks, oldest first; what is no mark, somebody else put there, is left out."""
    found = attributes.get(APPLIED_CHANGES)
    if not isinstance(found, list):
        return ()
    return tuple(mark for mark in found if isinstance(mark, str) and _MARK.fullmatch(mark))


def without_marks(attributes: Mapping[str, object]) -> Attributes:
    """Return the attributes as everybody but the writes themselves sees them."""
    return {name: value for name, value in attributes.items() if name != APPLIED_CHANGES}


def with_marks(
    attributes: Mapping[str, object], marks: Sequence[str], *, limit: int = ATTRIBUTES_LIMIT
) -> Attributes:
    """Return the attributes with the marks of one write at the end of those that are there.

    Shape: at most the 24 newest, fewer where the text would exceed `limit` characters; the
    oldest go first and `marks`, the write's own, stay in any case, so the text may still be too
    long: that is for the guard of the write to say. Marks that are there keep their place.
    """
    present = marks_in(attributes)
    listed = [*present, *(mark for mark in dict.fromkeys(marks) if mark not in present)]
    if not listed:
        return dict(attributes)
    others = [mark for mark in listed if mark not in marks]
    surplus = others[: max(0, len(listed) - KEPT_MARKS)]
    while True:
        kept = [mark for mark in listed if mark not in surplus]
        result = {**without_marks(attributes), **({APPLIED_CHANGES: kept} if kept else {})}
        if len(surplus) == len(others) or len(json_text(result)) <= limit:
            return result
        surplus = others[: len(surplus) + 1]


def was_applied(mark: str, *, before: Sequence[str], now: Sequence[str]) -> bool | None:
    """Tell whether the write with `mark` happened, from the marks before it and those now.

    Shape: `before` and `now` are what `marks_in` gave. Returns None where nobody can tell: the
    list was rolled over or overwritten by others since.
    """
    if mark in now:
        return True
    # Ids are added at the end and give way from the front: a write after `before[-1]` cannot
    # be gone while that one is still there.
    if before:
        return False if before[-1] in now else None
    return None if now else False
