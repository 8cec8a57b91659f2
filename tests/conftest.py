"""Fixtures for every floor: where the shared real data and vectors lie."""

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data and vectors; a test that needs it skips without it."""
    folder = Path(os.environ.get("FEDERATION_SHARED", PROJECT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder}: set FEDERATION_SHARED")
    return folder
