"""What lies beside the logs: the about note of whoever hands them over, the page.

Rule: none of it says anything of a record. The about note is signed by the node's key,
and must be; profiles and registers are named by their digests; the page that checks in
a browser is a program, so one that is not ours, of this version, is told: it could say
anything.
"""

import hashlib

from federation.decoding import parse_any_json
from federation.errors import FormatError, NotFoundError, UnreadableError
from federation.feeds.files import Files
from federation.feeds.resource import ABOUT, ELECTIONS, basis_of
from federation.flows.audit.keyring import Pool
from federation.flows.audit.keys import BAD
from federation.flows.audit.source import Reader
from federation.records.about import open_about, open_about_unpinned
from federation.verifier import page

PAGE_PATH = "verify.html"
_MAX_PAGE_BYTES = 1 << 22


async def check_about(reader: Reader, pool: Pool) -> None:
    """Note an about note that the node it speaks of, if that is known, did not sign."""
    note = await reader.ask(ABOUT)
    # A node may say nothing of itself; an empty file is one that was damaged.
    if note is None or (not note and not reader.is_file):
        return
    try:
        said = open_about_unpinned(note)
        keys = pool.node_keys(said.org)
        if keys:
            open_about(note, keys)
    except BAD as error:
        reader.add("damaged", detail=f"about note: {error}")


def check_basis(reader: Reader, files: Files) -> None:
    """Note a profile or register that is not what its name says.

    The list of elections says again, unsigned, what the maps say: it must be whole.
    """
    try:
        parse_any_json(files.read(ELECTIONS.path, ELECTIONS.max_bytes))
    except NotFoundError:
        pass
    except UnreadableError as error:
        reader.blame(error)
    except FormatError as error:
        reader.add("damaged", detail=f"{ELECTIONS.path}: {error}")
    folder = basis_of("")
    for path in files.names():
        if not path.startswith(folder.path):
            continue
        try:
            data = files.read(path, folder.max_bytes)
        except (FormatError, NotFoundError) as error:
            reader.blame(error)
            continue
        if hashlib.sha256(data).hexdigest() != path.removeprefix(folder.path):
            reader.add("damaged", detail=f"{path}: other bytes than its name says")


def check_page(reader: Reader, files: Files) -> None:
    """Note a page that checks, but is not the one that comes with this program."""
    try:
        found = files.read(PAGE_PATH, _MAX_PAGE_BYTES)
    except NotFoundError:
        return
    except FormatError as error:
        reader.blame(error)
        return
    if found != page():
        reader.add("extra-file", detail=f"{PAGE_PATH}: not the page of this version")
