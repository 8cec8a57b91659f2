"""One polling station on a terminal: what each says, side by side, KPU apart."""

from federation.cli.context import Run
from federation.cli.output import Output
from federation.flows.query import answers
from federation.flows.query.tps import kpu_beside
from federation.text import Text

EN_DASH = "\N{EN DASH}"


def percent(t: Text, part: int, whole: int) -> str:
    """A share for people: one decimal, and never rounded up to 100 %."""
    tenths = part * 1000 // whole if whole else 0
    text = f"{tenths // 10}.{tenths % 10}"
    return (text.replace(".", ",") if t.language == "id" else text) + " %"


def span(out: Output, interval: answers.Interval) -> str:
    """The least and the most, once where they are equal."""
    least, most = interval
    if least == most:
        return out.number(least)
    return f"{out.number(least)} {EN_DASH} {out.number(most)}"


def print_station(run: Run, found: answers.TpsAnswer) -> None:
    """Print everything said about a station."""
    t, out = run.t, run.out
    out.line(t("views.station", tps=found.tps))
    names = [place.name for place in found.places if place.code and place.name]
    if names:
        out.line(" / ".join(names))
    if not found.contests:
        out.line(t("page.none_yet"))
    for one in found.contests:
        out.line()
        print_contest(run, one)
        _print_statements(run, one)


def print_contest(run: Run, one: answers.Contest) -> None:
    """Print the versions of one contest, with what they come to above."""
    t = run.t
    words = [t(f"page.contest_{one.contest}"), t(f"page.status_{one.status}")]
    if one.official in {"matches", "differs"}:
        words.append(t(f"page.official_{one.official}"))
    words += [t(f"page.flag_{flag}") for flag in one.flags]
    run.out.line(" · ".join(words))
    columns = [(" + ".join(group.orgs), group.votes) for group in one.groups]
    columns += [
        (t("views.kpu-column", org=said.org), said.votes or {})
        for said in kpu_beside(one)
    ]
    if not columns:
        return
    numbers = sorted({n for _, votes in columns for n in votes}, key=_by_number)
    rows = [
        (
            f"{number} {one.candidates.get(number, '')}".strip(),
            *(votes.get(number) for _, votes in columns),
        )
        for number in numbers
    ]
    headers = [t("views.candidate"), *(name for name, _ in columns)]
    run.out.table(headers, rows, right=range(1, len(headers)))


def _by_number(number: str) -> tuple[int, str]:
    return len(number), number


def _print_statements(run: Run, one: answers.Contest) -> None:
    t = run.t
    headers = ("who", "says", "held", "record")
    rows = [
        (
            f"{said.org} (KPU)" if said.official else said.org,
            _says(run, said),
            said.held_by,
            f"#{said.index} {said.record[:16]}",
        )
        for said in (*one.monitors, *one.kpu)
    ]
    run.out.table([t(f"views.{key}") for key in headers], rows, right=(2,))


def _says(run: Run, said: answers.Said) -> str:
    t = run.t
    words = [t(f"views.says-{said.kind}")]
    if said.round != "reguler":
        words.append(t(f"page.round_{said.round}"))
    if said.derived:
        words.append(t("views.says-derived"))
    if said.rules:
        rules = "; ".join(t(f"rules.{rule}") for rule in said.rules)
        words.append(t("views.says-sums", rules=rules))
    return ", ".join(words)
