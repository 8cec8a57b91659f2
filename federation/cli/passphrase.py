"""Where the passphrase of a key comes from: of the identity key, or another.

Rule: from a file or from the terminal, never from an argument or the environment,
where every process on the machine could read it; and from no file that others on the
machine can read.
"""

from pathlib import Path
from typing import Final

from federation.cli.context import Run
from federation.config.keystore import MIN_PASSPHRASE, read_handed
from federation.errors import ConfigError
from federation.text import Sentence
from federation.text.cause import cause_of
from federation.text.malformed import MalformedError, decode_text

OPTION: Final = "--passphrase-file"
_MAX_BYTES: Final = 4096


def read_passphrase(
    run: Run, file: str | None, *, new: bool = False, ask: str | None = None
) -> str:
    """The passphrase: the file's first line, else what is typed (twice when `new`).

    Args:
        run: Of the command.
        file: Its path.
        new: It is chosen now.
        ask: The key of the question, where it is not of the identity key; may name
            `{least}`.

    Raises:
        ConfigError: the file cannot be read, or others can read it too.
        click.UsageError: there is neither a file nor a terminal.
    """
    if file is None:
        key = ask or ("init.ask-passphrase" if new else "keys.ask-passphrase")
        question = run.t(key, least=MIN_PASSPHRASE) if new else run.t(key)
        check = check_length if new else None
        return run.ask(question, OPTION, hide=True, repeat=new, check=check)
    try:
        text = decode_text(read_handed(Path(file), _MAX_BYTES))
    except OSError as error:
        reason = Sentence("machine.not-read", cause=cause_of(error))
        raise ConfigError(file, "", reason) from error
    except MalformedError as error:
        raise ConfigError(file, "", error.reason) from error
    return text.partition("\n")[0].rstrip("\r")


def check_length(passphrase: str) -> Sentence | None:
    """What is wrong with a passphrase that is chosen now."""
    if len(passphrase) >= MIN_PASSPHRASE:
        return None
    return Sentence("init.passphrase-short", least=MIN_PASSPHRASE)
