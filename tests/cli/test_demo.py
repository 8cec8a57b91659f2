"""The demonstration: its files, and the whole story with real processes."""

import asyncio
import csv
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from federation.cli.demo import stage
from federation.cli.demo.sample import cut_sample, make_sample
from federation.errors import ConfigError
from tests.waiting import is_running, until

STATUSES = {"missing", "unread", "single", "agreed", "disputed"}
#: Twenty seconds alone; ten times that on a machine that is busy and counts coverage.
STORY_S = 600
#: A node that answers and does not end when asked to, nor does what it has started.
STUBBORN = """
import http.server, os, signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(["sleep", "60"])
with open(os.environ["WHO"], "w") as file:
    file.write(f"{os.getpid()} {child.pid}")
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


def rows(path: Path, delimiter=","):
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def tell(*words):
    done = subprocess.run(
        [sys.executable, "-m", "federation", "demo", "--once", *words],
        capture_output=True,
        text=True,
        timeout=STORY_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_made_up_results_are_the_same_for_one_seed(tmp_path):
    texts = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        make_sample(folder, Random(7))
        texts.append({p.name: p.read_text() for p in folder.iterdir()})
    assert texts[0] == texts[1]


def test_made_up_results_lie_in_real_villages_and_differ_as_often_as_real_ones(
    tmp_path,
):
    sample = make_sample(tmp_path, Random(2024))
    register = {row["kode_tps"] for row in rows(sample.register)}
    assert all(code.startswith("7202") for code in register)
    paths = {s.member: s.path for s in sample.streams if not s.official}
    suara = {r["Kode TPS"]: r for r in rows(paths["jagasuara"], ";")}
    pemilu = {r["Kode TPS"]: r for r in rows(paths["jagapemilu"], ";")}
    both = suara.keys() & pemilu.keys()
    assert suara.keys() <= register
    differ = sum(suara[c]["Pas 1"] != pemilu[c]["Pas 1"] for c in both)
    differ += sum(suara[c]["Pas 2"] != pemilu[c]["Pas 2"] for c in both)
    assert 0 < differ < len(both) / 10


def test_a_broken_sum_in_made_up_documents_is_about_as_frequent_as_in_kpus(tmp_path):
    sample = make_sample(tmp_path, Random(2024))
    [official] = [s for s in sample.streams if s.official]
    documents = json.loads(official.path.read_text())
    broken = sum(
        sum(v for v in d["chart"].values() if v) != d["administrasi"]["suara_sah"]
        for d in documents.values()
    )
    assert 0.02 < broken / len(documents) < 0.16


def test_real_streams_are_cut_by_organisation(shared, tmp_path):
    sample = cut_sample(shared / "data" / "pilpres2019", tmp_path)
    found = Counter()
    for stream in sample.streams:
        if stream.path.suffix == ".csv" and stream.form == "salinan":
            codes = [row["Kode TPS"][:2] for row in rows(stream.path, ";")]
            found[stream.member] = len(codes)
            allowed = {"18"} if stream.member == "jagapemilu" else {"13", "72"}
            assert set(codes) == allowed
    assert sum(found.values()) == 4981


def test_a_folder_without_the_streams_is_named(tmp_path):
    (tmp_path / "sample-a-plano.csv").touch()
    with pytest.raises(ConfigError) as raised:
        cut_sample(tmp_path / "x" / "..", tmp_path)
    looked_for = tmp_path / "sample-b-salinan.csv"
    assert str(raised.value).startswith(f"{looked_for}: no such file")


async def test_a_node_that_does_not_end_is_ended_with_all_that_it_started(
    tmp_path, monkeypatch
):
    (tmp_path / "stubborn.py").write_text(STUBBORN)
    monkeypatch.setattr(stage, "CHILD", "stubborn")
    monkeypatch.setattr(stage, "STOP_S", 0.1)
    port, who = stage.free_port(), tmp_path / "who"
    given = {"PYTHONPATH": str(tmp_path), "PORT": str(port), "WHO": str(who)}
    async with asyncio.timeout(20):
        async with stage.Stage(tmp_path, {**os.environ, **given}).open() as nodes:
            member = nodes.members["jagasuara"]
            member.home.mkdir()
            member.port = port
            await nodes.start(member)
            started = [int(pid) for pid in who.read_text().split()]
            assert len(list(filter(is_running, started))) == 2

    async def are_gone():
        return not list(filter(is_running, started))

    # What is killed ends when it is next given the processor.
    await until(are_gone)


@pytest.mark.slow
@pytest.mark.long
def test_on_the_real_streams_every_node_tells_the_same_and_true(shared):
    """The expected numbers were counted from the files in plain Python, see below."""
    folder = shared / "data" / "pilpres2019"
    nodes = json.loads(tell("--json", "--data", str(folder)))["nodes"]
    assert len(nodes) == 3
    assert len({node["digest"] for node in nodes}) == 1
    assert {node["register"] for node in nodes} == {5252}
    expected = count_from_files(folder)
    for node in nodes:
        assert {k: node[k] for k in expected} == expected


def count_from_files(folder):
    """Status, KPU, tally and coverage, without any code of ours."""
    register = {row["kode_tps"] for row in rows(folder / "sample-register.csv")}
    plano = {
        row["kode_kelurahan"] + row["no_tps"].zfill(3): row
        for row in rows(folder / "sample-a-plano.csv")
    }
    plano = {t: (int(r["paslon_01"]), int(r["paslon_02"])) for t, r in plano.items()}
    copies = {
        row["Kode TPS"]: (int(row["Pas 1"]), int(row["Pas 2"]))
        for row in rows(folder / "sample-b-salinan.csv", ";")
    }
    official = {}
    for line in (folder / "sample-c-situng.ndjson").read_text().splitlines():
        one = json.loads(line)
        official[one["kode"]] = (one["chart"].get("21"), one["chart"].get("22"))
    status, beside, coverage = Counter(), Counter(), Counter()
    tally = {"01": [0, 0], "02": [0, 0]}
    for tps in register:
        said = [stream[tps] for stream in (plano, copies) if tps in stream]
        coverage["kawalpemilu.example"] += tps in plano
        org = "jagapemilu.example" if tps[:2] == "18" else "jagasuara.example"
        coverage[org] += tps in copies
        if not said:
            status["missing"] += 1
            continue
        many = "agreed" if len(said) > 1 else "single"
        status["disputed" if len(set(said)) > 1 else many] += 1
        for n, who in enumerate(tally):
            tally[who][0] += min(votes[n] for votes in said)
            tally[who][1] += max(votes[n] for votes in said)
        kpu = official.get(tps)
        if kpu is None or None in kpu:
            beside["none"] += 1
        else:
            beside["matches" if set(said) == {kpu} else "differs"] += 1
    return {
        "status": {name: status[name] for name in sorted(STATUSES)},
        "official": dict(beside),
        "tally": tally,
        "coverage": dict(coverage),
    }
