"""Fixtures for every floor: shared real data and vectors, and the sample map."""

import os
import shutil
from pathlib import Path

import pytest

from federation.store.db import Database
from tests import sample_map

PROJECT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data and vectors; a test that needs it skips without it."""
    folder = Path(os.environ.get("FEDERATION_SHARED", PROJECT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder}: set FEDERATION_SHARED")
    return folder


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory) -> Path:
    """The database of the sample map, made once and only ever copied."""
    folder = tmp_path_factory.mktemp("sample")
    sample_map.build(folder).close()
    return folder


@pytest.fixture
def sample_db(sample_folder, tmp_path):
    """A copy of it for one test."""
    db = Database.open(shutil.copytree(sample_folder, tmp_path / "data"))
    yield db
    db.close()
