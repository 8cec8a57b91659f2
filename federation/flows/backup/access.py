"""The file that says where an object store is and who asks it, only for its owner.

    AWS_ACCESS_KEY_ID=…           one a line; `#` begins a remark
    AWS_SECRET_ACCESS_KEY="…"

Rule: the form is the one that service managers read (`EnvironmentFile=` of systemd), so
that one file does for both. What is wrong is told by its line, never by what is in it.
"""

from pathlib import Path
from typing import Final

from federation.blobs.bucket import KEYS, OPTIONS
from federation.config.keystore import read_private
from federation.errors import ConfigError
from federation.text import Sentence

_ENDPOINT: Final = "AWS_ENDPOINT_URL"


def read_store_access(path: Path) -> dict[str, str]:
    """What it says, by the names of the environment.

    Raises:
        ConfigError: it is missing, open to others, or not in this form.
    """
    found: dict[str, str] = {}
    try:
        text = read_private(path).decode()
    except UnicodeDecodeError:
        raise _wrong(path, 1) from None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        key, is_pair, value = (part.strip() for part in line.partition("="))
        if value[:1] == value[-1:] and value[:1] in {'"', "'"}:
            value = value[1:-1]
        is_named = is_pair and value and key in {*KEYS, *OPTIONS}
        is_address = key != _ENDPOINT or value.startswith(("https://", "http://"))
        if not (is_named and is_address):
            raise _wrong(path, number)
        found[key] = value
    return found


def _wrong(path: Path, number: int) -> ConfigError:
    names = ", ".join((*KEYS, *OPTIONS))
    why = Sentence("backup.store-access-line", number=number, names=names)
    return ConfigError(str(path), "", why)
