"""A local, stateful Twilio: TaskRouter, Sync, Serverless, Flex configuration, accounts.

Run it with `twilio-emulator serve`; in tests use `twilio_emulator.testing.start_emulator`.
What it assumes where no source says what Twilio does stands in `twilio_emulator.assumptions`.
"""
