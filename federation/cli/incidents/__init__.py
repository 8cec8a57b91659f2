"""`federation incidents`: reports of violations, ours and partners'.

Rule: what is read is read from the database; what is signed is handed to the node that
runs, or done here where none does (`cli/client.py`).
"""

import click

from federation.cli.help import CommandGroup
from federation.cli.incidents.add import add
from federation.cli.incidents.answer import answer
from federation.cli.incidents.counts import statistics
from federation.cli.incidents.importing import import_reports
from federation.cli.incidents.looking import list_all, show
from federation.cli.incidents.merged import digest, duplicates, merged
from federation.cli.incidents.status import status


@click.group("incidents", cls=CommandGroup, help="incidents.help")
def incidents() -> None:
    """The verbs hang here."""


for _verb in (add, import_reports, list_all, show, merged, digest, duplicates):
    incidents.add_command(_verb)
for _verb in (status, answer, statistics):
    incidents.add_command(_verb)
