"""From when on the results of an election are for everybody, as the settings say.

Rule: the time stands in the name of the log, so it is chosen before the first result
and never moved: neither who steals a key of the node nor who edits its settings hides
what is shown, or shows what is hidden. A time that had passed before a log of that name
was founded is nothing: results go where they went.

Source: docs/adr/0039-before-a-time.md
"""

from collections.abc import Callable

from msgspec.structs import replace

from federation.config.settings import Settings


def drop_past(
    settings: Settings, is_founded: Callable[[str], bool], now: float
) -> Settings:
    """The settings without times that have passed and of which no log was founded.

    Args:
        settings: As they stand in the file.
        is_founded: Whether there is a log of that name.
        now: Unix seconds.
    """
    kept = {
        election: moment
        for election, moment in settings.public_from.items()
        if moment.timestamp() > now or is_founded(settings.origin_of(election))
    }
    return (
        settings
        if kept == settings.public_from
        else replace(settings, public_from=kept)
    )
