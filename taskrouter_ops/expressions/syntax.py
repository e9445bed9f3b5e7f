"""Check the syntax of TaskRouter expressions before Twilio sees them.

Twilio validates syntax only, answers an opaque 20001 and does so one expression at a time;
here the position and the likely cause are named for all of them at once.
What an expression means, and whether its attributes exist, is not checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from lark import Lark
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken

# Source: TaskRouter "Expression syntax" page; aliases of the array operators from the TaskQueue
# page; null, lower-case keywords and NOT from official examples. A keyword ends where a name
# could not go on, so `inbound` is a name and not IN followed by `bound`.
GRAMMAR = r"""
    start: either
    either: both (OR both)*
    both: one (AND one)*
    one: NOT one
       | "(" either ")"
       | operand OPERATOR operand
       | operand IN operand
       | operand NOT IN operand
       | reference
       | TRUTH
    operand: reference | TRUTH | NULL | NUMBER | STRING | array
    array: "[" [constant ("," constant)*] "]"
    constant: TRUTH | NULL | NUMBER | STRING
    reference: NAME ("." NAME | "[" INDEX "]")*

    OPERATOR.3: /(==|!=|>=|<=|>-|<-|=|>|<)|(has|contains)(?![A-Za-z0-9_$])/i
    AND.2: /and(?![A-Za-z0-9_$])/i
    OR.2: /or(?![A-Za-z0-9_$])/i
    NOT.2: /not(?![A-Za-z0-9_$])/i
    IN.2: /in(?![A-Za-z0-9_$])/i
    TRUTH.2: /(true|false)(?![A-Za-z0-9_$])/i
    NULL.2: /null(?![A-Za-z0-9_$])/i
    NAME: /[A-Za-z_$][A-Za-z0-9_$]*/
    INDEX.4: /[0-9]+/
    NUMBER: /-?[0-9]+(\.[0-9]+)?/
    STRING: /"(\\.|[^"\\])*"|'(\\.|[^'\\])*'/
    %ignore /\s+/
"""

_HYPHEN = (
    "a name cannot contain a hyphen, TaskRouter reads it as subtraction; "
    "rename the attribute with an underscore"
)
_HINTS = (
    ("&&", "write AND"),
    ("||", "write OR"),
    ("===", "write =="),
    ("<>", "write !="),
    ("!", "write NOT, or != between two values"),
    ("~", "there are no regular expressions; use CONTAINS, HAS or IN"),
    ("\u2018", "use straight quotes"),
    ("\u2019", "use straight quotes"),
    ("\u201c", "use straight quotes"),
    ("\u201d", "use straight quotes"),
    ("'", "a string is not closed"),
    ('"', "a string is not closed"),
    ("-", _HYPHEN),
)


@dataclass(frozen=True)
class SyntaxProblem:
    """Where an expression breaks, how, and what was probably meant.

    `position` counts characters from 0; `hint` is "" where there is none.
    """

    position: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return self.message + (f" ({self.hint})" if self.hint else "")


def check_expression(text: str) -> SyntaxProblem | None:
    """Return what is wrong with an expression's syntax, None when it parses.

    Accepts what Twilio documents: comparison, HAS, CONTAINS, IN, NOT IN and their aliases in any
    case, AND, OR, NOT, parentheses, nested names, indexes, arrays, null.
    """
    if not text.strip():
        return SyntaxProblem(0, "the expression is empty", "1==1 matches everybody")
    try:
        _parser().parse(text)
    except UnexpectedInput as error:
        return _problem(text, error)
    return None


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", lexer="contextual")


def _problem(text: str, error: UnexpectedInput) -> SyntaxProblem:
    ended = isinstance(error, UnexpectedEOF) or (
        isinstance(error, UnexpectedToken) and error.token.type == "$END"
    )
    if ended:
        return SyntaxProblem(len(text), "the expression ends too early", _missing(text))
    position = error.pos_in_stream if error.pos_in_stream is not None else 0
    found = str(error.token) if isinstance(error, UnexpectedToken) else text[position]
    return SyntaxProblem(
        position, f"unexpected {found!r} at character {position + 1}", _hint(text, position, error)
    )


def _missing(text: str) -> str:
    opened = text.count("(") - text.count(")")
    if opened > 0:
        return f"{opened} parenthesis not closed"
    if text.count("[") > text.count("]"):
        return "an array is not closed"
    return "a value is missing"


def _hint(text: str, position: int, error: UnexpectedInput) -> str:
    rest = text[position:]
    for sign, hint in _HINTS:
        if rest.startswith(sign):
            return hint
    before = text[:position].rstrip()
    if rest[:1] == ")":
        return "a parenthesis too many" if text.count(")") > text.count("(") else ""
    if isinstance(error, UnexpectedCharacters) or not before:
        return ""
    if before.endswith("=") and rest[:1] == "=":
        return "write =="
    return "AND or OR is missing, or a string has no quotes" if rest[:1].isalnum() else ""
