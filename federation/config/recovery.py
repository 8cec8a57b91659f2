"""The recovery sheet: one page to print and to lock away.

Rule: it holds what is needed to come back after a fire: the fingerprint that partners
compare, and the identity key as it lies on disk, under its passphrase. The passphrase
is not on it. The page needs nothing from outside: no script, no font, no image file.
"""

import html
import io
from pathlib import Path
from typing import Final

import segno

from federation.config.disk import PRIVATE_FILE, create_file
from federation.config.fingerprint import fingerprint
from federation.text import Language, Text
from federation.tlog.keys import VerifierKey

_PAGE: Final = """\
<!doctype html>
<html lang="{language}"><meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font: 12pt/1.4 sans-serif; max-width: 17cm; margin: 1cm auto; color: #000 }}
.print {{ font: bold 15pt/1.6 monospace; word-spacing: .5em }}
pre {{ font: 9pt/1.3 monospace; border: 1px solid #000; padding: 3mm }}
figure {{ display: inline-block; margin: 0 8mm 0 0; text-align: center }}
</style>
<h1>{title}</h1>
<p>{intro}</p>
<h2>{fingerprint_title}</h2>
<p class="print">{fingerprint}</p>
<p>{fingerprint_text}</p>
<figure>{fingerprint_code}<figcaption>{fingerprint_title}</figcaption></figure>
<figure>{key_code}<figcaption>{key_title}</figcaption></figure>
<h2>{key_title}</h2>
<pre>{key}</pre>
<p>{key_text}</p>
<h2>{steps_title}</h2>
<ol><li>{step_1}<li>{step_2}<li>{step_3}<li>{step_4}</ol>
</html>
"""

_WORDS: Final = (
    *("title", "intro", "fingerprint_title", "fingerprint_text", "key_title"),
    *("key_text", "steps_title", "step_1", "step_2", "step_3", "step_4"),
)


def format_recovery(
    identity: VerifierKey, pem: str, name: str, language: Language
) -> str:
    """The sheet as HTML.

    Args:
        identity: the public identity key.
        pem: the encrypted private key, as it lies on disk.
        name: how people call the organisation.
        language: of the sheet.
    """
    t = Text(language)
    print_ = fingerprint(identity)
    org = identity.name.removesuffix("/identity")
    words = {
        key: html.escape(t(f"recovery.{key.replace('_', '-')}", name=name, org=org))
        for key in _WORDS
    }
    return _PAGE.format(
        language=language,
        fingerprint=print_.replace("-", " "),
        fingerprint_code=_code(print_),
        key_code=_code(pem),
        key=html.escape(pem),
        **words,
    )


def save_recovery(path: Path, sheet: str) -> None:
    """Write the sheet to a new file that only its owner can read.

    Raises:
        ConflictError: there is one already.
        ConfigError: it cannot be written.
    """
    create_file(path, sheet.encode("utf-8"), PRIVATE_FILE)


def format_code(text: str) -> str:
    """A QR code for a terminal: half blocks, without colours."""
    out = io.StringIO()
    segno.make(text, micro=False).terminal(out, compact=True)
    return out.getvalue()


def _code(text: str) -> str:
    """A QR code as inline SVG."""
    # M corrects 15 %: a folded or stained sheet can still be scanned.
    code = segno.make(text, error="m", micro=False)
    return code.svg_inline(scale=3, border=2)
