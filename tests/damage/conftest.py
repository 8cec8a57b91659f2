"""What is given, as files on disk."""

from pathlib import Path

import pytest

from federation.feeds.bundle import write_bundle
from tests.damage.cases import CASES, Case
from tests.damage.spoil import Given
from tests.damage.world import Files


def name_of(case: Case) -> str:
    return f"{case.kind}, {case.done}"


NAMES = [name_of(case) for case in CASES]


def write_folder(folder: Path, files: Files) -> Path:
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def write_packed(path: Path, given: Given, files: Files) -> Path:
    write_bundle(path, sorted(files.items()))
    if given.pack is not None:
        path.write_bytes(given.pack(path.read_bytes()))
    return path


def write_documents(folder: Path, given: Given) -> list[Path]:
    return [write_one(folder / name, data) for name, data in given.documents.items()]


def write_one(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def write_trust(folder: Path, given: Given) -> list[Path]:
    """The trust file, where there is one."""
    return [write_one(folder / "trust.txt", given.trust)] if given.trust else []


@pytest.fixture(params=CASES, ids=NAMES)
def case(request) -> Case:
    return request.param
