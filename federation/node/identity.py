"""How this node presents itself: its about note, renewed when its words change."""

from federation.node.parts import Parts
from federation.records.about import About, OfferedLog, open_about, sign_about
from federation.store import chains


def renew_about(parts: Parts) -> bytes:
    """Our about note; signed anew, with the next issue, if the settings changed.

    Raises:
        ConfigError: the settings hold a text that no note may hold.
    """
    with parts.db.view() as view:
        held = chains.read_about(view, parts.settings.org)
    before = open_about(held, [parts.keys.node.key]) if held else None
    issue = 1 if before is None else before.issue
    if held is not None and _describe(parts, issue) == before:
        return held  # nothing is written: on a full disk that could not be
    about = _describe(parts, issue + (before is not None))
    note = sign_about(about, parts.keys.node)
    with parts.db.transaction() as tx:
        chains.save_about(tx, parts.settings.org, about.issue, note)
    return note


def _describe(parts: Parts, issue: int) -> About:
    settings = parts.settings
    own = sorted(parts.own.values(), key=lambda log: log.origin)
    return About(
        attribution=settings.attribution,
        audience=(),
        contact=settings.contact,
        identity=str(own[0].chain.identity) if own else "",
        issue=issue,
        licence=settings.licence,
        logs=tuple(OfferedLog(origin=o.origin, visibility="public") for o in own),
        name=settings.name,
        org=settings.org,
        versions=(1,),
    )
