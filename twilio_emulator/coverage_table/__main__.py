"""Write the coverage page, or check that it is up to date."""

from __future__ import annotations

import sys
from pathlib import Path

from twilio_emulator.products import products

from .assumed import assumptions
from .behaviours import BEHAVIOURS
from .page import coverage_page

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "emulator-coverage.md"


def generated() -> str:
    """Return the page's text."""
    return coverage_page(products(), BEHAVIOURS, assumptions())


def main(arguments: list[str]) -> int:
    """Write the page, or with `--check` tell whether it is out of date."""
    text = generated()
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    name = PAGE.relative_to(ROOT)
    if "--check" in arguments:
        sys.stderr.write(f"{name} is out of date: run python -m twilio_emulator.coverage_table\n")
        return 1
    PAGE.write_text(text, encoding="utf-8")
    sys.stdout.write(f"wrote {name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
