"""Proofs of forks as a small folder that anybody can check by `federation verify`.

Rule: no word of ours is needed to believe it. For each log that its organisation has
signed twice it holds the evidence and the keys that signed it, as a node serves both,
and beside them what they are, in Indonesian and English.

    <org>.<election>.fork     two signed checkpoints, or key statements; `tlog/fork.py`
    <org>.<election>.keys     the chain of key statements
    README.md  README.id.md

Source: docs/reference/protocol.md, "Pulling" step 6
"""

from collections.abc import Iterator

from federation.config.fingerprint import fingerprint
from federation.flows.audit.document import READMES
from federation.flows.publish.items import Item
from federation.flows.publish.readable import list_readable
from federation.records.keychain import encode_keys
from federation.records.keystatement import KeyStatement
from federation.records.readers import Nobody
from federation.records.sealed import leaf_statement
from federation.store import keystatements
from federation.store.logs import Log
from federation.store.view import View
from federation.text import LANGUAGES, Text
from federation.tlog.keys import parse_vkey


def list_forks(view: View, at: float) -> list[Item]:
    """The files of the folder; none where nobody has signed two histories.

    Args:
        view: The snapshot.
        at: Unix seconds: of the logs that everybody may read then.
    """
    forked = [log for log in list_readable(view, Nobody(at=at)) if log.frozen]
    items = [item for log in forked for item in _list_log(view, log)]
    for language in LANGUAGES if forked else ():
        told = _tell(view, forked, Text(language))
        items.append(Item(READMES[language], told.encode))
    return items


def _list_log(view: View, log: Log) -> Iterator[Item]:
    name, evidence = log.origin.replace("/", "."), log.frozen or b""
    yield Item(f"{name}.fork", lambda: evidence)
    yield Item(
        f"{name}.keys", lambda: encode_keys(keystatements.read_keys(view, log.id))
    )


def _tell(view: View, forked: list[Log], t: Text) -> str:
    rows = [
        t("forks.row", origin=log.origin, print=_fingerprint(view, log))
        for log in forked
    ]
    other = next(name for name in READMES.values() if name != READMES[t.language])
    return t("forks.readme", other=other, rows="\n".join(rows)) + "\n"


def _fingerprint(view: View, log: Log) -> str:
    """That of the identity key behind it, to be compared with the organisation's."""
    # Verified when it was saved.
    statement = leaf_statement(keystatements.read_keys(view, log.id)[-1])
    assert isinstance(statement, KeyStatement), "nothing else is saved there"
    return fingerprint(parse_vkey(statement.identity))
