"""An error in the language of whoever reads it, for the command line and the API.

Rule: `errors.py` knows no language and `text/` no errors; here the two meet.
"""

from federation.errors import (
    ConfigError,
    FederationError,
    FormatError,
    PeerError,
    RecordError,
)
from federation.text import Text
from federation.text.mistyped import reword


def tell(t: Text, error: FederationError) -> str:
    """What is wrong and where, in the reader's language as far as it is a `Sentence`.

    Joined as `str(error)` joins it: `errors.py` knows no language.
    """
    match error:
        case FormatError(what=what, at=at):
            text = t.say(reword(what))
            return f"{text} ({t.say(at)})" if at else text
        case ConfigError(path=path, key=key, reason=reason):
            return f"{path}: {key + ': ' if key else ''}{t.say(reason)}"
        case RecordError(rule=rule, field=field):
            text = t.say(reword(rule))
            return f"{field}: {text}" if field else text
        case PeerError(origin=origin, url=url, status=status, reason=reason):
            key = "errors.answered" if status else "errors.silent"
            if error.is_of_file:
                key = "network.place"
            text = t(key, origin=origin, url=url, status=status)
            return f"{text}: {t.say(reason)}" if reason else text
        case _:
            return t.say(error.args[0]) if error.args else str(error)
