"""`federation refer`: reports of violations on their way to an agency.

A file for each verb: `agencies` (whom a report would go to), `dossier` (the papers).
"""

import click

from federation.cli.help import CommandGroup
from federation.cli.refer.agencies import agencies
from federation.cli.refer.dossier import dossier


@click.group("refer", cls=CommandGroup, help="cli.command-refer")
def refer() -> None:
    """The verbs hang here."""


for _command in (agencies, dossier):
    refer.add_command(_command)
