"""`federation photos`: the photographs of the forms.

A file for each verb: `fetch` (from partners), `missing` (what could not be had),
`remove` (shown no longer, and who honours it), `retention`,
`alike` (which look like another one).
"""

import click

from federation.cli.help import CommandGroup
from federation.cli.photos.alike import alike
from federation.cli.photos.fetch import fetch
from federation.cli.photos.missing import missing
from federation.cli.photos.remove import list_removed, remove
from federation.cli.photos.retention import retention


@click.group("photos", cls=CommandGroup, help="cli.command-photos")
def photos() -> None:
    """The verbs hang here."""


for _command in (alike, fetch, missing, remove, list_removed, retention):
    photos.add_command(_command)
