"""What the profile calls those who stand, as the headers of a table may say it.

Rule: of a contest that is not said, the names of all contests: a header that could be
in two of them is in none. A candidate of one region only has no header of a country.
"""

from federation.records.profile import Profile
from federation.sources.columns import normal_names
from federation.sources.headers import HeaderNames, normalise
from federation.sources.mapping import Options
from federation.sources.member import only_contest


def names_of(profile: Profile, options: Options) -> HeaderNames:
    """The names that headers of this file may have."""
    contest = options.contest or only_contest(profile)
    contests = [contest] if contest else list(profile.contests)
    ids: dict[str, str] = {}
    whole: dict[str, str] = {}
    words: dict[str, frozenset[str]] = {}
    for one in contests:
        listed = profile.candidates(one)
        whole |= normal_names({who: said.name for who, said in listed.items()})
        if profile.is_party_contest(one):
            continue
        for who, said in listed.items():
            ids |= dict.fromkeys((who, *said.aliases), who)
            words[who] = frozenset(
                word for word in normalise(said.name).split("_") if len(word) > 2
            )
    return HeaderNames(ids, words, whole, is_open=contest is not None and not words)
