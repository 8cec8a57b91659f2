"""Where others may read: never among secrets, never mixed with other files."""

import pytest

from federation.errors import ConfigError
from federation.flows.publish.outputfolder import UNFINISHED, check_folder


@pytest.mark.parametrize("name", ["data", "data/site", "link", "keys/../data/x"])
def test_a_site_is_not_written_where_private_things_lie(tmp_path, name):
    (tmp_path / "data").mkdir()
    (tmp_path / "keys").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "data")
    with pytest.raises(ConfigError, match="private"):
        check_folder(tmp_path / name, [tmp_path / "data"])


def test_a_site_does_not_mix_with_other_files(tmp_path):
    (tmp_path / "report.doc").touch()
    with pytest.raises(ConfigError, match="other files"):
        check_folder(tmp_path, [])
    with pytest.raises(ConfigError, match="not a folder"):
        check_folder(tmp_path / "report.doc", [])
    (tmp_path / "logs").mkdir()
    (tmp_path / UNFINISHED).symlink_to("nowhere")
    with pytest.raises(ConfigError, match="other files"):
        check_folder(tmp_path, [])
    (tmp_path / "logs").rmdir()
    (tmp_path / "logs").touch()
    check_folder(tmp_path, [])
    check_folder(tmp_path / "new", [])
