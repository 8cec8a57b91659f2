"""`federation refer`: reports of violations on their way to an agency.

agencies   whom a report would go to
dossier    the papers
prepare    papers are looked at, then approved
handing    brought by hand; what became of one; not to go after all
answers    what came back, by a program or by mail
note       what tells an agency that two reports are one
status     what is on its way, and who else was there
named      what all of them are given
"""

import click

from federation.cli.help import CommandGroup
from federation.cli.refer.agencies import agencies
from federation.cli.refer.answers import answers
from federation.cli.refer.dossier import dossier
from federation.cli.refer.handing import by_hand, resolve, withdraw
from federation.cli.refer.note import note
from federation.cli.refer.prepare import approve, prepare
from federation.cli.refer.status import status


@click.group("refer", cls=CommandGroup, help="cli.command-refer")
def refer() -> None:
    """The verbs hang here."""


for _verb in (agencies, dossier, prepare, approve, by_hand, resolve, withdraw):
    refer.add_command(_verb)
for _verb in (answers, note, status):
    refer.add_command(_verb)
