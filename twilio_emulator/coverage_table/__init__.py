"""Write the page that says what the emulator answers for, and how well each part is known.

`python -m twilio_emulator.coverage_table` writes docs/emulator-coverage.md; `--check` tells
whether it is up to date.  Routes, parameters and refusals come from the declarations that answer
requests, assumptions from `twilio_emulator.assumptions`, behaviours from `behaviours`.
"""
