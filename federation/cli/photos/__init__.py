"""`federation photos`: the photographs of the forms.

A file for each verb: `import` (`importing`; which photo is of which station: `naming`,
by the names that `pattern` reads or those that a table gives; what becomes of them is
that of `import`: `import_/phototaking`), `upload` (to a node elsewhere, from any
machine; how: `sending`), `fetch` (from partners), `missing` (what could
not be had), `remove` (shown no longer, and who honours it), `retention`, `alike` (which
look like another one).
"""

import click

from federation.cli.help import CommandGroup
from federation.cli.photos.alike import alike
from federation.cli.photos.fetch import fetch
from federation.cli.photos.importing import import_photos
from federation.cli.photos.missing import missing
from federation.cli.photos.remove import list_removed, remove
from federation.cli.photos.retention import retention
from federation.cli.photos.upload import upload


@click.group("photos", cls=CommandGroup, help="cli.command-photos")
def photos() -> None:
    """The verbs hang here."""


_COMMANDS = (
    *(import_photos, upload, fetch, missing, alike),
    *(remove, list_removed, retention),
)
for _command in _COMMANDS:
    photos.add_command(_command)
