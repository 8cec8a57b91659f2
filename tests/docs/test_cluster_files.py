"""docs/examples/cluster: what each machine makes of the files."""

import json
import re
import subprocess

import pytest

from tests.clusters.written import EXAMPLES, THERE, written_for
from tests.proxies import needs

ADDRESSES = {name: f"127.0.16.{n}" for n, name in enumerate(THERE, 1)} | {
    "": "127.0.16.9"
}
FILES = sorted(path.name for path in EXAMPLES.iterdir())


@pytest.mark.parametrize("file", FILES)
def test_each_machine_puts_its_own_address_where_one_stands_alone(file):
    for name in THERE:
        text = written_for(name, file, ADDRESSES, {})
        lines = [one for one in text.splitlines() if not one.startswith(("#", "--"))]
        left = re.findall(r"10\.0\.0\.(?!0/)\d+", "\n".join(lines))
        assert not left
        for line in lines:
            found = set(re.findall(r"127\.0\.16\.[1-4]", line))
            is_member = line.lstrip().startswith("server ")
            assert is_member or len(found) > 1 or found <= {ADDRESSES[name]}, line


@pytest.mark.parametrize("file", ["etcd.env", "patroni.yml"])
def test_each_machine_has_a_name_of_its_own(file):
    named = {
        name: re.findall(
            r'(?m)^(?:name: |ETCD_NAME=")(\w+)', written_for(name, file, ADDRESSES, {})
        )
        for name in THERE
    }
    assert named == {name: [name] for name in THERE}


def test_a_standby_is_set_as_readers_of_it_need_it():
    page = (EXAMPLES.parents[1] / "how-to" / "many-readers.md").read_text()
    asked = dict(re.findall(r"`(hot_standby_\w+|wal_receiver_\w+) = '?(\w+)'?`", page))
    text = (EXAMPLES / "patroni.yml").read_text()
    said = dict(re.findall(r'(?m)^    (\w+): "?(\w+)"?$', text))
    assert len(asked) == 2
    assert asked.items() <= said.items()


@pytest.mark.parametrize("file", [one for one in FILES if one.endswith(".cfg")])
def test_haproxy_takes_its_files(file, tmp_path):
    path = tmp_path / file
    path.write_text(written_for("one", file, ADDRESSES, {}))
    done = subprocess.run(
        [needs("haproxy"), "-c", "-f", path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_store_lets_strangers_read_what_is_published_and_nothing_else():
    rights = json.loads((EXAMPLES / "weed-s3.json").read_text())["identities"]
    (everybody,) = [one for one in rights if one["name"] == "anonymous"]
    assert everybody["actions"] == ["Read:federation/site/*"]
