"""Setting up in a shell whose Twilio clients are pointed at the emulator."""

from bootstrap.proxy_variables import look_past_the_emulator


def test_the_emulators_proxy_is_looked_past() -> None:
    """Package managers reach their registries; what is not the emulator's stays."""
    emulator = "http://127.0.0.1:4010"
    environ = {
        "TWILIO_BASE_URL": emulator,
        "HTTPS_PROXY": emulator,
        "http_proxy": emulator,
        "HTTP_PROXY": "http://proxy.example:3128",
    }

    look_past_the_emulator(environ)

    assert environ == {"TWILIO_BASE_URL": emulator, "HTTP_PROXY": "http://proxy.example:3128"}


def test_a_proxy_stays_where_no_emulator_is_named() -> None:
    """A machine that needs a proxy keeps it."""
    environ = {"HTTPS_PROXY": "http://proxy.example:3128"}

    look_past_the_emulator(environ)

    assert environ == {"HTTPS_PROXY": "http://proxy.example:3128"}
