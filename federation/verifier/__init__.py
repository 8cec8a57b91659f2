"""Floor 3: one HTML file that checks evidence in a browser, without a network.

Rule: self-contained. No library, nothing fetched, nothing sent: its own policy allows
the one script and the one style sheet in it, by their hashes, and no connection at
all. It stands beside the command line's audit: another language, other cryptography
(the browser's), the same verdicts. What it shows is text, never markup.

    parts/page.html      the frame; {style}, {script}, {data}, {policy} are filled in
    parts/*.js           one concept each, joined in the order of `SCRIPTS`
    parts/kinds.json     what can be found, gravest first, with its exit code

The bounds of each statement come from the same types that the node uses, and where a
record may stand from the same table (`records/kinds.py`).
"""

import base64
import hashlib
import json
import re
from functools import cache
from importlib import resources
from typing import Any, Final, TypeAlias

from federation.records.canonical import FORBIDDEN_CLASS
from federation.records.kinds import KINDS, free_texts, worded_members
from federation.records.schema import make_definitions
from federation.records.sealed import Common
from federation.text import load_topic

SCRIPTS: Final = (
    *("bytes", "point", "keys", "note", "merkle", "canonical"),
    *("checkpoint", "keychain", "record", "receipt", "evidence", "trust"),
    *("report", "pool", "holders", "document"),
    *("zip", "tiles", "culprit", "log", "bundle", "sides", "audit"),
    *("words", "facts", "card", "likeness", "photo", "page"),
)
_PARTS: Final = resources.files("federation.verifier") / "parts"
_SHARED_WORDS: Final = ("contest_", "round_")


_JsonObject: TypeAlias = dict[str, Any]


@cache
def page() -> bytes:
    """The whole page: of one version of this package always the same bytes."""
    filled = {
        "policy": policy(),
        "style": _read("style.css"),
        "data": _format_data(),
        "script": _script(),
    }
    # One pass: what is filled in may hold such a name itself.
    html = re.sub(r"\{([a-z]+)\}", lambda m: filled[m[1]], _read("page.html"))
    return html.encode()


@cache
def policy() -> str:
    """What a browser may do with this page: run it, and nothing else.

    Source: https://www.w3.org/TR/CSP3/ section 2.3.1
    """
    rules = (
        "default-src 'none'",
        f"script-src {_hash_source(_script())}",
        f"style-src {_hash_source(_read('style.css'))}",
        "connect-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    )
    return "; ".join(rules)


def kinds() -> dict[str, int]:
    """What can be found, the gravest first, and the exit code of each."""
    codes: dict[str, int] = json.loads(_read("kinds.json"))
    return codes


def _script() -> str:
    parts = "\n".join(_read(f"{name}.js") for name in SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}\nstart();\n}})();\n'


def _format_data() -> str:
    """Words, kinds, bounds and records, as JSON that can stand inside of HTML."""
    data = {
        "forbidden": FORBIDDEN_CLASS,
        "kinds": kinds(),
        "records": _records(),
        "schemas": _schemas(),
        "texts": sorted(free_texts()),
        "worded": worded_members(),
        "words": _words(),
    }
    # ASCII: half a surrogate pair can be said in no other way.
    return json.dumps(data, sort_keys=False).replace("<", "\\u003c")


def _records() -> _JsonObject:
    """What the page asks of a type, by its name: see `RecordKind`."""
    return {
        kind.name: {
            "schema": kind.struct.__name__,
            "logs": sorted(kind.logs),
            "namesLog": kind.log_of is not None,
            "isInKeyChain": kind.signer == "identity",
            "endsLog": kind.ends_log,
        }
        for kind in KINDS.values()
    }


def _schemas() -> _JsonObject:
    schemas = make_definitions((Common, *KINDS), "{name}")
    for schema in schemas.values():
        schema.pop("title", None)
        schema.pop("description", None)
    return schemas


def _words() -> dict[str, dict[str, str]]:
    """Every sentence of the page by its name, and by language."""
    shared = {
        name: sentence
        for name, sentence in load_topic("page").items()
        if name.startswith(_SHARED_WORDS)
    }
    return {**shared, **load_topic("verifier")}


def _hash_source(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


@cache
def _read(name: str) -> str:
    return (_PARTS / name).read_text(encoding="utf-8")
