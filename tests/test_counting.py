"""What `make check` counts as covered: the first cases of each test."""

import json
import os
import subprocess
import sys

from tests.conftest import PROJECT
from tests.waiting import unmeasured

FILES = {
    ".coveragerc": "[run]\nparallel = true\npatch = subprocess\nsource = counted\n",
    "conftest.py": """
from tests.counting import Counting

def pytest_configure(config):
    config.pluginmanager.register(Counting())
""",
    "counted.py": """
def here(case):
    if case == 0:
        return "here 0"
    if case == 1:
        return "here 1"
    return "here 2"

def there(case):
    if case == 0:
        return "there 0"
    if case == 1:
        return "there 1"
    return "there 2"

def behind():
    return "behind"
""",
    "test_it.py": """
import subprocess, sys
import pytest
import counted

@pytest.mark.parametrize("case", range(3))
def test_many(case):
    assert counted.here(case)
    code = f"import counted; counted.there({case})"
    subprocess.run([sys.executable, "-c", code], check=True)

def test_one():
    assert counted.behind()
""",
}


def test_two_cases_are_counted_here_and_in_processes_and_so_is_the_next_test(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    env = unmeasured() | {"PYTHONPATH": os.pathsep.join((str(tmp_path), str(PROJECT)))}
    for words in ("run -m pytest", "combine", "json"):
        command = [sys.executable, "-m", "coverage", *words.split(), "-q"]
        subprocess.run(command, cwd=tmp_path, env=env, check=True, timeout=60)
    told = json.loads((tmp_path / "coverage.json").read_text())
    counted = told["files"]["counted.py"]["executed_lines"]
    lines = FILES["counted.py"].splitlines()
    said = {lines[number - 1].partition('"')[2].strip('"') for number in counted}
    said.discard("")
    assert said == {"here 0", "here 1", "there 0", "there 1", "behind"}
