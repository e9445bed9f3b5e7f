"""The signature of batch messages."""

import json
import subprocess

from hypothesis import given
from hypothesis import strategies as st

from taskrouter_ops.batches.signing import signature, signed_message

NODE = """
const {createHmac} = require('crypto');
const [secret, message] = JSON.parse(require('fs').readFileSync(0));
process.stdout.write(createHmac('sha256', secret).update(message).digest('hex'));
"""


def test_node_makes_the_same_signature() -> None:
    """What the functions compute in Node is what we send, beyond ASCII too."""
    secret, payload = "0f" * 32, '{"batch":"ä€","lane":0}'
    made = subprocess.run(
        ["node", "-e", NODE],
        input=json.dumps([secret, f"1790000000.{payload}"]),
        capture_output=True,
        text=True,
        check=True,
    )

    assert signature(secret, "1790000000", payload) == made.stdout


@given(st.text(), st.text())
def test_another_payload_has_another_signature(first: str, second: str) -> None:
    """A signature holds for one payload only."""
    same = signature("key", "1", first) == signature("key", "1", second)

    assert same == (first == second)


def test_a_message_signs_what_it_carries() -> None:
    """The payload travels as the text that was signed, the time in whole seconds."""
    message = signed_message("key", {"batch": "b", "lane": 0, "generation": 1}, now=12.9)

    assert message["payload"] == '{"batch":"b","lane":0,"generation":1}'
    assert message["timestamp"] == "12"
    assert message["signature"] == signature("key", "12", message["payload"])
