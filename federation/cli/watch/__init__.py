"""`federation watch`: folders that another program fills, imported as they grow.

command   `watch kpu`, round after round, what is told of each
folder    which files are complete and not taken yet, in which groups
memory    which files were taken, by what they held
"""

import click

from federation.cli.help import CommandGroup
from federation.cli.watch.command import kpu


@click.group("watch", cls=CommandGroup, help="watch.help")
def watch() -> None:
    """The verbs hang here."""


watch.add_command(kpu)
