"""`federation backup`: made while the node runs, looked through, put back.

`keymaking` makes the key that private keys are sealed for, `creating` makes a backup,
`verifying` looks at one, `restoring` makes a home of one; what they share: `given`.
"""

import click

from federation.cli.backup.creating import create
from federation.cli.backup.keymaking import make_key
from federation.cli.backup.restoring import restore
from federation.cli.backup.verifying import verify
from federation.cli.help import CommandGroup


@click.group("backup", cls=CommandGroup, help="backup.help")
def backup() -> None:
    """The verbs hang here."""


for _command in (make_key, create, verify, restore):
    backup.add_command(_command)
