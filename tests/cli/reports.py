"""A home that keeps reports, and a report of it, by the commands themselves."""

import json

from federation.cli.output import OK
from tests.homes import PASSPHRASE

ELECTION = "pilpres-2019"
SUMMARY = "Amplop dibagikan di depan balai warga"


def keep_reports(federation, home, tmp_path, agencies: str) -> None:
    """Let this home keep reports, and know these agencies."""
    path = tmp_path / "passphrase"
    path.touch(0o600)
    path.write_text(PASSPHRASE)
    words = ("keys", "chain", "--election", ELECTION, "--incidents")
    assert federation(*words, "--passphrase-file", path).code == OK
    (home / "agencies.toml").write_text(agencies)


def sign_report(federation, ref: str = "QL-17") -> str:
    """The name of a report that was signed here."""
    ended = federation(
        *("incidents", "add", "--category", "politik_uang", "--law", "pidana"),
        *("--summary", SUMMARY, "--description", "Dua orang membagikan amplop."),
        *("--happened", "2019-04-17 05.30", "--region", "3171"),
        *("--election", ELECTION, "--ref", ref, "--json"),
    )
    assert ended.code == OK, ended
    return json.loads(ended.out)["verdicts"][0]["incident"]
