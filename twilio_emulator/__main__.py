"""Run `python -m twilio_emulator`."""

from .cli import app

app(prog_name="twilio-emulator")
