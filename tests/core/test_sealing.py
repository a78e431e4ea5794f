"""Short secrets at rest open with the server's key, for their purpose, and while two keys live with either."""

import pytest
from pydantic import SecretStr

from claims_core.sealing import SealBroken, seal, unseal

KEY, NEXT = SecretStr("k" * 32), SecretStr("x" * 32)


def test_a_seal_opens_with_its_own_key_and_no_other():
    sealed = seal("482915", KEY, purpose="a test")
    assert unseal(sealed, KEY, purpose="a test") == "482915"
    assert sealed != seal("482915", KEY, purpose="a test")
    with pytest.raises(SealBroken):
        unseal(sealed, NEXT, purpose="a test")
    with pytest.raises(SealBroken):
        unseal(sealed[:-4] + "AAAA", KEY, purpose="a test")


def test_what_was_sealed_for_one_purpose_opens_for_no_other():
    with pytest.raises(SealBroken):
        unseal(seal("482915", KEY, purpose="a test"), KEY, purpose="another")


def test_while_two_keys_live_either_opens():
    assert unseal(seal("482915", KEY, purpose="a test"), NEXT, KEY, purpose="a test") == "482915"


@pytest.mark.parametrize("never_sealed", ["", "482915", "\0", "é" * 40])
def test_what_was_never_sealed_is_refused(never_sealed):
    with pytest.raises(SealBroken):
        unseal(never_sealed, KEY, purpose="a test")
