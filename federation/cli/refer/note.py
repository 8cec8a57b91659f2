"""`federation refer note`: what tells an agency that two reports are one.

Rule: it goes the way of the papers themselves: nothing leaves before exactly this text
was approved. It is not a second dossier, and holds nothing of the first.
"""

import click

from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.refer.named import ask, show_item, which
from federation.store.papers import PapersFolder
from federation.web.requests.referrals import PrepareNote


@click.command("note", cls=Command, help="outbox.help-note")
@which
@command_options
def note(run: Run, **given: object) -> None:
    """Have it, and show it."""
    item = ask(run, PrepareNote, given)
    show_item(run, item)
    if run.out.is_json:
        return
    papers = PapersFolder(run.home.outbox)
    for line in papers.load(item.dossier, item.kind).decode().splitlines():
        run.out.line(line)
    command = (
        f"federation refer approve {item.incident} --agency {item.agency} --note"
        f" --dossier {item.dossier}"
    )
    run.out.line(run.t("outbox.then", command=command))
