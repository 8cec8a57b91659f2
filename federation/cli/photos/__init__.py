"""`federation photos`: the photographs of the forms.

A file for each verb: `remove` (shown no longer, and who honours it), `retention`.
"""

import click

from federation.cli.help import CommandGroup
from federation.cli.photos.remove import list_removed, remove
from federation.cli.photos.retention import retention


@click.group("photos", cls=CommandGroup, help="cli.command-photos")
def photos() -> None:
    """The verbs hang here."""


for _command in (remove, list_removed, retention):
    photos.add_command(_command)
