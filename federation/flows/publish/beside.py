"""What a static site has beside the records: figures, as pages and files for people.

Rule: nothing signs it, so it stands in a folder of its own, and what is no longer to be
shown goes from there. Who makes it is told from above: pages are the web's.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from federation.flows.publish.items import Item
from federation.store.view import View

FOLDER: Final = "laporan/"
#: The files of a view, of these elections; none named: of all.
BesideMaker = Callable[[View, Sequence[str]], list[Item]]


def list_old(there: Iterable[str], items: Sequence[Item]) -> list[str]:
    """The files in that folder of a site that are none of these, of those there."""
    return sorted(set(there) - {item.path for item in items})
