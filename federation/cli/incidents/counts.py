"""`federation incidents statistics`: how many there are, as everybody may know it.

Rule: with `--json`, `--csv` and `--geojson` the output is what
`/v1/incidents/statistics` answers, byte for byte. The database is only read.
"""

import sys
from collections.abc import Mapping

import click

from federation.cli.arguments import find_scope
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.incidents.asked import note_behind
from federation.flows.incidents.counts import (
    count_leaves,
    count_reports,
    counts_table,
    name_cell,
    read_provinces,
)
from federation.flows.query.cells import format_csv
from federation.flows.query.geojson import format_geojson
from federation.records.incidentcounts import IncidentCounts, monday_of


@click.command("statistics", cls=Command, help="reports.help-statistics")
@click.option("--csv", "is_csv", is_flag=True, help="reports.option-csv")
@click.option("--geojson", "is_geojson", is_flag=True, help="reports.option-geojson")
@click.option("--election", default="", help="views.option-election")
@command_options
def statistics(run: Run, *, is_csv: bool, is_geojson: bool, election: str) -> None:
    """Counts for everybody."""
    asked = find_scope(run, election).election
    with run.open_database().view() as view:
        note_behind(run, view)
        leaves, now = count_leaves(view, asked), int(run.clock())
        with run.out.progress(leaves, run.t("incidents.merging")) as advance:
            found = count_reports(view, asked, now, advance)
        provinces = read_provinces(view, found)
    if is_csv or is_geojson:
        table = counts_table(found, provinces)
        rows = format_csv([table.columns, *table.rows])
        sys.stdout.buffer.write(rows if is_csv else format_geojson(table, {}))
        return
    run.out.show(found, lambda: _print(run, found, provinces))


def _print(run: Run, found: IncidentCounts, provinces: Mapping[str, str]) -> None:
    t, out = run.t, run.out
    until = monday_of(found.until)
    if not found.incidents:
        out.line(t("reports.none", below=found.below, until=until))
        return
    count = t.number(found.incidents)
    out.line(t("reports.counted", count=count, until=until))
    for table in found.tables:
        rows = [
            (" · ".join(name_cell(t, table, row.of, provinces)), row.count)
            for row in table.rows
        ]
        if rows:
            title = t(f"reports.by-{table.by}")
            out.table([title, t("reports.at-least")], rows, right=(1,))
    out.note(t("reports.how", below=found.below))
