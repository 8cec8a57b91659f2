"""Who asks us as a partner does and is none, as `peers` and `status` tell it."""

import contextlib
from collections.abc import Sequence

from federation.cli.context import Run
from federation.errors import NotFoundError
from federation.flows.query.partners import AskingStranger, read_asking
from federation.records.timezones import tell_here


def list_asking(run: Run) -> list[AskingStranger]:
    """Who asks and is no partner; nobody, where no node has run yet."""
    with contextlib.suppress(NotFoundError), run.open_database().view() as view:
        return read_asking(view, {peer.org: peer for peer in run.peers})
    return []


def print_asking(run: Run, asking: Sequence[AskingStranger]) -> None:
    """Print who asks and is no partner; nothing where nobody does."""
    t, out = run.t, run.out
    if not asking:
        return
    out.line(t("partners.asking") + ":")
    for one in asking:
        first, last = tell_here(one.first_at), tell_here(one.last_at)
        times = t.number(one.times)
        said = t(
            "partners.asking-one", org=one.org, first=first, last=last, times=times
        )
        out.line(f"  {said} ({t('partners.asking-key', key=one.key_id)})")
        if one.is_partners_name:
            word = "awaited" if one.awaits_turn else "partner"
            out.line(f"    {t(f'partners.asking-{word}')}")
    out.line(f"  {t('partners.asking-lead')}")
