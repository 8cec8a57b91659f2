"""`federation annex`: what is personal of incidents, sealed on this machine.

Rule: nothing personal is taken from an argument, where every process could read it, and
nothing is shown or written before the use is in the log of actions. What is added is
sealed here, in the command: the node that keeps it never has it open.

`founding` makes the key, `adding` seals, `reading` shows and exports, `ending` purges,
`listing` lists; what several of them are given: `given`.
"""

import click

from federation.cli.annex.adding import add
from federation.cli.annex.ending import purge
from federation.cli.annex.founding import found_key
from federation.cli.annex.listing import list_all
from federation.cli.annex.reading import export, show
from federation.cli.help import CommandGroup


@click.group("annex", cls=CommandGroup, help="annex.help")
def annex() -> None:
    """The verbs hang here."""


for _command in (found_key, add, list_all, show, export, purge):
    annex.add_command(_command)
