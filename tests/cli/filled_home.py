"""A home with signed records that never served, and commands in it."""

import contextlib
import hashlib
import io
import json

from federation.cli import run
from federation.cli.output import OK, Output
from federation.feeds.bundle import BundleFile
from federation.text import Text
from tests.homes import ELECTION, draft

ORG = "jagasuara.example"
LOG = f"{ORG}/{ELECTION}"
NAME = hashlib.sha256(LOG.encode()).hexdigest()


def federation(home, *words, language="en", is_json=True):
    """Exit code and what was printed."""
    out, err = io.StringIO(), io.StringIO()
    flags = ["--home", str(home.folder), *(["--json"] if is_json else [])]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run([*map(str, words), *flags], Output(Text(language), is_json=is_json))
    return code, out.getvalue(), err.getvalue()


def rows(home, numbers):
    lines = ["{}".format(json.dumps(draft(f"1371011001{n:03}"))) for n in numbers]
    path = home.folder / "rows.ndjson"
    path.write_text("\n".join(lines) + "\n")
    return path


def fill(home, numbers=range(1, 300)):
    """Records that this organisation has signed, without ever having served."""
    words = ["import", rows(home, numbers), "--alone"]
    code, out, err = federation(home, *words)
    assert code == OK, out + err


def files(path):
    with BundleFile(path) as bundle:
        return {name: bundle.read(name, 1 << 24) for name in bundle.names()}
