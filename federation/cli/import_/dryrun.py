"""What a dry run asks instead of the log: would this row be taken?"""

import asyncio
from collections.abc import Awaitable
from typing import Any

from federation.cli.context import Run
from federation.cli.import_.intake import Send
from federation.errors import RecordError
from federation.flows.ownlog.verdict import Verdict
from federation.records.canonical import convert, format_time
from federation.records.kinds import kind_of_draft
from federation.records.profile import Profile
from federation.records.result import TpsResult, failed_rules


def make_checker(profile: Profile, run: Run) -> Send:
    """A `Send` that sends nothing: every row is judged by itself."""
    members = {
        "org": run.settings.org,
        "election": profile.election,
        "recorded_at": format_time(run.clock()),
    }

    def check(row: int, draft: dict[str, Any]) -> Verdict:
        try:
            kind = kind_of_draft(draft)
            statement = convert({**draft, **members}, kind.struct)
            if kind.rules is not None:
                kind.rules(statement)
        except RecordError as error:
            return Verdict(
                row=row, outcome="refused", reason=run.t.say(error.told), code="record"
            )
        is_result = isinstance(statement, TpsResult)
        flags = failed_rules(statement, profile) if is_result else ()
        return Verdict(row=row, outcome="logged", flags=flags)

    def send(drafts: list[dict[str, Any]]) -> Awaitable[list[Verdict]]:
        verdicts = [check(row, draft) for row, draft in enumerate(drafts)]
        return asyncio.sleep(0, verdicts)

    return send
