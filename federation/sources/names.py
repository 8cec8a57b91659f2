"""What the profile calls those who stand, as the headers of a table may say it.

Rule: of a contest that is not said, the names of all contests: a header that could be
in two of them is in none. A candidate of one region only has no header of a country.
"""

import re
from typing import Final

from federation.records.profile import Profile
from federation.sources.columns import normal_names
from federation.sources.mapping import Options
from federation.sources.member import only_contest
from federation.sources.numbered import HeaderNames, normalise

_APOSTROPHE: Final = re.compile("['`\u2019]")


def names_of(profile: Profile, options: Options) -> HeaderNames:
    """The names that headers of this file may have."""
    contest = options.contest or only_contest(profile)
    contests = [contest] if contest else list(profile.contests)
    ids: dict[str, str] = {}
    whole: dict[str, str] = {}
    words: dict[str, frozenset[str]] = {}
    for name in contests:
        listed = profile.candidates(name)
        whole |= normal_names({who: each.name for who, each in listed.items()})
        if profile.is_party_contest(name):
            continue
        for who, candidate in listed.items():
            ids |= dict.fromkeys((who, *candidate.aliases), who)
            # Ma'ruf is one word and two.
            spelt = (candidate.name, _APOSTROPHE.sub("", candidate.name))
            words[who] = frozenset(normalise(" ".join(spelt)).split("_"))
    is_open = contest is not None and not words
    return HeaderNames(ids, words, whole, is_open, frozenset(contests))
