"""The key that we sign with as a witness, and what judges with it.

Rule: key and memory lie in one folder, beside the guard, which is in no backup: a
witness that has lost what it signed has lost its key, too, and is another one.
"""

from collections.abc import Callable

from federation.config.home import Home
from federation.config.keystore import load_signer, save_signer
from federation.config.settings import Settings
from federation.errors import ConfigError
from federation.files import make_folders
from federation.flows.witness import OfferJudge
from federation.store.folderguard import FolderGuard
from federation.text import Sentence
from federation.tlog.keys import ALG_COSIGNATURE, Signer


def witness_name(org: str) -> str:
    """The name that our witness key signs under."""
    return f"{org}/witness"


def make_witness_key(home: Home, random: Callable[[int], bytes]) -> bool:
    """Make our witness key; False: it is there.

    Args:
        home: Whose.
        random: Gives so many unpredictable bytes.

    Raises:
        OSError: the disk failed.
    """
    if home.witness_key.exists():
        return False
    make_folders(home.witness, 0o700)
    save_signer(home.witness_key, random(32))
    return True


def load_witness_key(home: Home, settings: Settings) -> Signer:
    """Our witness key.

    Raises:
        ConfigError: it was never made, or cannot be used.
    """
    path = home.witness_key
    if not path.exists():
        raise ConfigError(str(path), "", Sentence("witness.no-key"))
    return load_signer(path, witness_name(settings.org), ALG_COSIGNATURE)


def load_witness(home: Home, settings: Settings) -> OfferJudge | None:
    """What judges offers; None: we are a witness for nobody.

    Raises:
        ConfigError: the key was never made, or cannot be used.
    """
    keys = settings.witness.witnessed_keys
    if not keys:
        return None
    return OfferJudge(load_witness_key(home, settings), keys, FolderGuard(home.witness))
