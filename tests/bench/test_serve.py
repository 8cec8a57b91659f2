"""`make bench ARGS=serve` says in words what it cannot do."""

import shutil

from tests.bench.serve import Serve


def test_without_wrk_nothing_is_measured_and_that_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    told = Serve(tmp_path, tmp_path / "none", 10, lambda _: None).run()
    assert ("wrk" in told, "apt-get install" in told) == (True, True)
    assert not list(tmp_path.iterdir())
