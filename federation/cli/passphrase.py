"""Where the passphrase of the identity key comes from.

Rule: from a file or from the terminal, never from an argument or the environment,
where every process on the machine could read it.
"""

from pathlib import Path
from typing import Final

from federation.cli.context import Run
from federation.config.keystore import MIN_PASSPHRASE
from federation.errors import ConfigError

OPTION: Final = "--passphrase-file"
_MAX_CHARS: Final = 4096


def read_passphrase(run: Run, file: str | None, *, new: bool = False) -> str:
    """The passphrase: the file's first line, else what is typed (twice when `new`).

    Raises:
        ConfigError: the file cannot be read.
        click.UsageError: there is neither a file nor a terminal.
    """
    if file is None:
        key = "init.ask-passphrase" if new else "keys.ask-passphrase"
        question = run.t(key, least=MIN_PASSPHRASE) if new else run.t(key)
        return run.ask(question, OPTION, hide=True, repeat=new)
    try:
        with Path(file).open(encoding="utf-8") as stream:
            return stream.readline(_MAX_CHARS).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(file, "", f"cannot be read: {error}") from error
