"""`federation refer`: reports of violations on their way to an agency.

A file for each verb: `agencies` (whom a report would go to).
"""

import click

from federation.cli.help import CommandGroup
from federation.cli.refer.agencies import agencies


@click.group("refer", cls=CommandGroup, help="cli.command-refer")
def refer() -> None:
    """The verbs hang here."""


refer.add_command(agencies)
