"""`federation photos`: the photographs of the forms.

A file for each verb: `fetch` (from partners), `missing` (what could not be had).
"""

import click

from federation.cli.help import CommandGroup
from federation.cli.photos.fetch import fetch
from federation.cli.photos.missing import missing


@click.group("photos", cls=CommandGroup, help="cli.command-photos")
def photos() -> None:
    """The verbs hang here."""


for _command in (fetch, missing):
    photos.add_command(_command)
