"""The name of an incident, as people type it: `organisation.example/0123…`."""

import re

import click

from federation.cli.context import Run
from federation.records.canonical import INCIDENT_PATTERN, ORG_PATTERN
from federation.records.incident import IncidentName


def read_name(run: Run, typed: str) -> IncidentName:
    """The incident that is meant.

    Raises:
        click.UsageError: it is no name of one.
    """
    org, _, incident = typed.strip().rpartition("/")
    if not (re.search(ORG_PATTERN, org) and re.search(INCIDENT_PATTERN, incident)):
        raise click.UsageError(run.t("incidents.no-name", typed=repr(typed[:80])))
    return IncidentName(id=incident, org=org)
