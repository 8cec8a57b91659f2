"""`federation withdraw`: what we said about one polling station no longer stands.

Rule: nothing is erased; partners see that it was withdrawn and why. The mistake below
does not come back: a corrected result is imported after it, or instead of it.

The code is read as in a file. No list of polling stations is asked: what was published
of a station that does not exist is what most needs to be taken back.
"""

import click

from federation.cli.arguments import find_profile, pick_election, read_code
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.output import NEGATIVE, OK
from federation.cli.statement import check_reason, run_statement
from federation.flows.ownlog.verdict import Verdict
from federation.records.result import CONTESTS, ROUNDS
from federation.web.requests.records import Withdraw
from federation.web.requests.wire import check_request


@click.command("withdraw", cls=Command, help="withdraw.help")
@click.argument("tps")
@click.option("--reason", required=True, help="election.option-reason")
@click.option("--election", help="import.option-election")
@click.option(
    "--contest",
    type=click.Choice(CONTESTS, case_sensitive=False),
    help="withdraw.option-contest",
)
@click.option(
    "--round",
    type=click.Choice(ROUNDS, case_sensitive=False),
    default=ROUNDS[0],
    help="withdraw.option-round",
)
@click.option("--official", is_flag=True, help="withdraw.option-official")
@click.option("--alone", is_flag=True, help="import.option-alone")
@command_options
def withdraw(run: Run, *, tps: str, alone: bool, **given: object) -> int | None:
    """Withdraw our own result."""
    election = pick_election(run, _text(given["election"]))
    code = read_code(tps)
    check_reason(run, str(given["reason"]))
    contest = _pick_contest(run, election, _text(given["contest"]))
    members = {
        "election": election,
        "contest": contest,
        "tps": code,
        "round": given["round"],
        "official": int(given["official"] is True),
        "reason": given["reason"],
    }
    verdict = run_statement(run, check_request(Withdraw, members), alone=alone)
    reason = _why(run, verdict)
    sentence = run.t(
        f"withdraw.{verdict.outcome}", tps=code, contest=contest, reason=reason
    )
    run.out.show(verdict, lambda: run.out.line(sentence))
    return NEGATIVE if verdict.outcome == "refused" else OK


def _why(run: Run, verdict: Verdict) -> str:
    """Why it was refused, in the reader's language where there are words for it."""
    return run.t.word(f"intake.{verdict.code}", verdict.reason)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _pick_contest(run: Run, election: str, asked: str | None) -> str:
    contests = find_profile(run, election).contests
    if asked in contests:
        return str(asked)
    if asked is None and len(contests) == 1:
        return contests[0]
    names = ", ".join(contests)
    raise click.UsageError(run.t("withdraw.which", contests=names))
