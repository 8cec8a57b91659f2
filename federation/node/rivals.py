"""Whether two logs of ours would have results of one election.

Rule: what everybody could read is not hidden again, and a time is never moved; so of
each election one log has results. Asked before a log is opened, and before its keys
are made.

Source: docs/adr/0039-before-a-time.md
"""

from federation.config.home import Home
from federation.config.settings import Settings
from federation.errors import ConfigError
from federation.records.canonical import format_time
from federation.records.keystatement import parse_origin
from federation.records.readers import NOBODY, may_know
from federation.store import logs
from federation.store.db import Database
from federation.text import Sentence


def check_one_log(db: Database, home: Home, settings: Settings) -> None:
    """Of each election one log of ours has results: the one that the settings name.

    Raises:
        ConfigError: another one has some, of before `public_from` was written, or of
            before it was changed.
    """
    with db.view() as view:
        held = logs.list_logs(view)
    for log in held:
        named = parse_origin(settings.origin_of(log.election))
        # One that continues another, or is continued, is no other log.
        is_same = named.public_from == log.public_from
        is_rival = log.generation == 1 and may_know(NOBODY, log) and not is_same
        # Its key statement alone is no result.
        if not (log.own and is_rival and log.size > 1):
            continue
        if log.election in settings.elections:
            key, told = f"public_from.{log.election}", {"origin": log.origin}
            if log.public_from:
                moment = format_time(log.public_from)
                why = Sentence("machine.public-from-moved", **told, moment=moment)
            else:
                why = Sentence("machine.public-from-late", **told)
            raise ConfigError(str(home.settings), key, why)
