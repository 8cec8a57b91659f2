"""A home with records, to be backed up."""

import shutil

import pytest

from federation.config.home import Home
from tests.cli.filled_home import ORG, fill
from tests.flows.backup.commands import PASSPHRASE
from tests.homes import make_home


@pytest.fixture(scope="session")
def filled(tmp_path_factory):
    home = make_home(tmp_path_factory.mktemp("filled"))
    fill(home, range(1, 40))
    return home


@pytest.fixture
def home(filled, tmp_path):
    folder = tmp_path / ORG
    shutil.copytree(filled.folder, folder)
    (folder.parent / "passphrase").touch(0o600)
    (folder.parent / "passphrase").write_text(PASSPHRASE)
    return Home(folder)
