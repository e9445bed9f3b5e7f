"""What the engine sends arrives as Python values and goes back the same."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pulumi.runtime import rpc

from pulumi_twilio.declarations.special import UNKNOWN, Asset, Secret, has_secret, reveal
from pulumi_twilio.provider import codec

LEAVES = (
    st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: not x.is_integer())
    | st.text()
    | st.just(UNKNOWN)
)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner | st.none())
        | st.dictionaries(st.text(), inner | st.none())
        | inner.map(Secret)
    ),
)


@given(st.dictionaries(st.text(), TREES))
def test_values_survive_the_way_there_and_back(values: dict[str, Any]) -> None:
    """Every value a program can hold comes back equal, secrets and unknowns included."""
    assert codec.decode(codec.encode(values)) == values


def test_assets_survive_with_their_hash() -> None:
    """An asset keeps its hash and where its content is."""
    values = {"content": Asset.of_text("exports.handler = 1;"), "file": Asset("ab", path="x.js")}

    assert codec.decode(codec.encode(values)) == values


def test_signatures_are_the_sdks_own() -> None:
    """The format's markers are those of the installed Pulumi SDK."""
    ours = (
        codec.SIGNATURE_KEY,
        codec.SECRET_SIGNATURE,
        codec.ASSET_SIGNATURE,
        codec.OUTPUT_SIGNATURE,
        codec.RESOURCE_SIGNATURE,
        codec.UNKNOWN_TEXT,
    )

    assert ours == (
        rpc._special_sig_key,
        rpc._special_secret_sig,
        rpc._special_asset_sig,
        rpc._special_output_value_sig,
        rpc._special_resource_sig,
        rpc.UNKNOWN,
    )


def test_output_values_and_references_become_what_they_stand_for() -> None:
    """A secret output is a secret, an unknown one is unknown, a resource is its id."""
    key = codec.SIGNATURE_KEY
    sent = {
        "secret": {key: codec.OUTPUT_SIGNATURE, "value": "x", "secret": True},
        "unknown": {key: codec.OUTPUT_SIGNATURE},
        "resource": {key: codec.RESOURCE_SIGNATURE, "urn": "urn:…", "id": "WS1"},
    }

    got = codec.decode(codec.encode(sent))

    assert got == {"secret": Secret("x"), "unknown": UNKNOWN, "resource": "WS1"}


def test_a_null_property_is_absent_and_a_null_in_json_is_a_value() -> None:
    """Programs pass None for what they leave out; JSON may hold null."""
    encoded = codec.encode({"configuration": {"priority": None}})
    encoded.fields["absent"].null_value = 0

    assert codec.decode(encoded) == {"configuration": {"priority": None}}


@given(TREES)
def test_revealing_leaves_no_secret(tree: Any) -> None:
    """A revealed value has no wrapper left, however deep it was."""
    assert not has_secret(reveal(tree))


def test_secrets_do_not_show_in_representations() -> None:
    """A secret or an asset printed by accident shows nothing of its content."""
    assert "hunter2" not in repr([Secret("hunter2"), Asset.of_text("hunter2")])


def test_large_numbers_stay_numbers() -> None:
    """What is beyond whole numbers stays a float."""
    assert codec.decode(codec.encode({"x": math.pi})) == {"x": math.pi}
