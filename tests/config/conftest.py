"""Keys that are the same in every run."""

import hashlib

import pytest

from federation.tlog.keys import Signer


@pytest.fixture
def signer():
    def make(org, role="identity"):
        name = f"{org}/{role}"
        return Signer.from_seed(name, hashlib.sha256(name.encode()).digest())

    return make
