"""Floor 3: one HTML file that checks evidence in a browser, without a network.

Rule: self-contained. No library, nothing fetched, nothing sent: its own policy allows
the one script and the one style sheet in it, by their hashes, and no connection at
all. It stands beside the command line's audit: another language, other cryptography
(the browser's), the same verdicts. What it shows is text, never markup.

    parts/page.html      the frame; {style}, {script}, {data}, {policy} are filled in
    parts/*.js           one concept each, joined in the order of `SCRIPTS`
    parts/kinds.json     what can be found, gravest first, with its exit code

The bounds of each statement come from the same types that the node uses.
"""

import base64
import hashlib
import json
import re
from functools import cache
from importlib import resources
from typing import Annotated, Any, Final, TypeAlias

import msgspec
from msgspec import Meta, Struct

from federation.records.canonical import FORBIDDEN_CLASS, Org, Time
from federation.records.keystatement import KeyStatement
from federation.records.logclosed import LogClosed
from federation.records.profile import Election
from federation.records.result import FIGURES, TpsResult
from federation.records.withdrawal import Withdrawal
from federation.text import load_topic

SCRIPTS: Final = (
    *("bytes", "point", "keys", "note", "merkle", "canonical"),
    *("checkpoint", "keychain", "record", "receipt", "evidence", "trust"),
    *("report", "pool", "holders", "document"),
    *("zip", "tiles", "culprit", "log", "bundle", "sides", "audit"),
    *("words", "facts", "card", "page"),
)
_PARTS: Final = resources.files("federation.verifier") / "parts"
# The same as `records.sealed` asks of a record of any type; a test compares them.
TYPE_PATTERN: Final = r"^[a-z0-9-]{1,40}/[1-9][0-9]{0,3}$(?!\n)"
_SHARED_WORDS: Final = ("contest_", "round_")


class Common(Struct, frozen=True, kw_only=True):
    """What a record of any type has."""

    election: Election
    org: Org
    recorded_at: Time
    type: Annotated[str, Meta(pattern=TYPE_PATTERN)]


_TYPES: Final = (Common, KeyStatement, LogClosed, TpsResult, Withdrawal)
_Json: TypeAlias = dict[str, Any]


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
    found: dict[str, int] = json.loads(_read("kinds.json"))
    return found


def _script() -> str:
    parts = "\n".join(_read(f"{name}.js") for name in SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}\nstart();\n}})();\n'


def _format_data() -> str:
    """The words, kinds and bounds, as JSON that can stand inside of HTML."""
    data = {
        "forbidden": FORBIDDEN_CLASS,
        "kinds": kinds(),
        "schemas": _schemas(),
        "words": _words(),
    }
    # ASCII: half a surrogate pair can be said in no other way.
    return json.dumps(data, sort_keys=False).replace("<", "\\u003c")


def _schemas() -> _Json:
    _, schemas = msgspec.json.schema_components(_TYPES, ref_template="{name}")
    # The keys of this table are a literal type, which no schema of msgspec says.
    schemas["TpsResult"]["properties"]["figures"]["propertyNames"] = {"enum": FIGURES}
    for schema in schemas.values():
        schema.pop("title", None)
        schema.pop("description", None)
    return schemas


def _words() -> dict[str, dict[str, str]]:
    """Every sentence of the page by its name, and by language."""
    shared = {
        name: said
        for name, said in load_topic("page").items()
        if name.startswith(_SHARED_WORDS)
    }
    return {**shared, **load_topic("verifier")}


def _hash_source(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


@cache
def _read(name: str) -> str:
    return (_PARTS / name).read_text(encoding="utf-8")
