"""Files appear whole, with their mode, or not at all."""

import os
import stat

import pytest

from federation.config.disk import create_file, make_folder, replace_file
from federation.errors import ConfigError, ConflictError


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_file_has_exactly_the_mode_asked_for(tmp_path, umask):
    before = os.umask(umask)
    try:
        create_file(tmp_path / "key", b"x", 0o600)
        replace_file(tmp_path / "open", b"x", 0o644)
        make_folder(tmp_path / "keys")
    finally:
        os.umask(before)
    assert mode(tmp_path / "key") == 0o600
    assert mode(tmp_path / "open") == 0o644
    assert mode(tmp_path / "keys") == 0o700


def test_a_file_is_replaced(tmp_path):
    replace_file(tmp_path / "f", b"old")
    replace_file(tmp_path / "f", b"new")
    assert (tmp_path / "f").read_bytes() == b"new"
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


def test_a_file_that_exists_is_never_created_again(tmp_path):
    create_file(tmp_path / "f", b"old")
    with pytest.raises(ConflictError, match="exists and is not overwritten"):
        create_file(tmp_path / "f", b"new")
    assert (tmp_path / "f").read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failed_replacement_leaves_the_old_file(tmp_path, monkeypatch, step):
    path = tmp_path / "f"
    replace_file(path, b"old")

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(ConfigError, match="there is no space left on this disk"):
        replace_file(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


def test_a_folder_that_exists_keeps_its_mode(tmp_path):
    (tmp_path / "keys").mkdir(mode=0o755)
    make_folder(tmp_path / "keys")
    assert mode(tmp_path / "keys") == 0o755


def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path):
    (tmp_path / "keys").write_text("")
    with pytest.raises(ConfigError, match="is not a folder"):
        make_folder(tmp_path / "keys")


def test_a_folder_that_is_missing_is_said(tmp_path):
    with pytest.raises(ConfigError, match="cannot be written"):
        create_file(tmp_path / "nowhere" / "f", b"")
    with pytest.raises(ConfigError, match="cannot be written"):
        replace_file(tmp_path / "nowhere" / "f", b"")
