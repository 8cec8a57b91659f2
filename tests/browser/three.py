"""Three nodes, each a process of its own, that share one election; one is hostile.

Jaga Pemilu is ours and brings KPU's figures, Jaga Suara stands in the middle, Kawal
Pemilu is reached through it only and writes hostile text wherever anybody may write.
The list of stations has hostile names, too: whoever made it may have been fooled.
"""

import asyncio
import contextlib
import csv
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from federation.cli.demo.sample import Sample, make_sample
from federation.cli.demo.stage import DemoMember, Stage
from tests.browser.watching import POLYGLOT
from tests.homes import draft
from tests.waiting import unmeasured, until

ELECTION = "pemilu-2024"


@dataclass(frozen=True, kw_only=True)
class ThreeNodes:
    """The nodes at work; `stage` gives them commands."""

    stage: Stage
    ours: DemoMember
    middle: DemoMember
    theirs: DemoMember
    #: Code of the kelurahan whose names are hostile.
    hostile: str

    async def ask(self, path: str, member: DemoMember | None = None) -> Any:
        """What our node answers on a path."""
        return await self.stage.get(member or self.ours, path)

    async def sign(self, member: DemoMember, **record: Any) -> None:
        """A record of that organisation."""
        body = {"election": ELECTION, "records": [record]}
        said = await self.stage.post(member, "/v1/records", body)
        assert said["verdicts"][0]["outcome"] == "logged", said

    async def let_in(self, name: str, role: str) -> str:
        """The path of a link for a person of ours."""
        words = ("people", "add", name, "--role", role)
        link = (await self.stage.command(self.ours, *words))["link"]
        return link.removeprefix(self.ours.url)


@contextlib.asynccontextmanager
async def three_nodes(folder: Path):
    """A chain of three; when it is there, all of them have the same map."""
    files = folder / "files"
    files.mkdir()
    sample = make_sample(files, Random(2024))
    hostile = _spoil_names(sample.register)
    environ = {k: v for k, v in unmeasured().items() if k != "FEDERATION_HOME"}
    async with Stage(folder, environ).open() as stage:
        ours, middle, theirs = stage.members.values()
        theirs.name = POLYGLOT
        await asyncio.gather(
            *(_prepare(stage, sample, one) for one in (ours, middle, theirs))
        )
        nodes = ThreeNodes(
            stage=stage, ours=ours, middle=middle, theirs=theirs, hostile=hostile
        )
        record = draft(f"{hostile}001", note=POLYGLOT, ref=POLYGLOT)
        await nodes.sign(theirs, **record)
        await stage.command(ours, "incidents", "add", *_report(hostile))
        await stage.connect(ours, [middle])
        await stage.connect(middle, [ours, theirs])
        await stage.connect(theirs, [middle])
        for here, there in ((ours, theirs), (theirs, ours)):
            vkey = (there.home / "keys" / f"{there.org}.vkey").read_text().strip()
            with (here.home / "peers.toml").open("a") as peers:
                peers.write(f'\n[[peer]]\norg = "{there.org}"\nidentity = "{vkey}"\n')
        await until(lambda: _is_one_map(nodes))
        yield nodes


async def _prepare(stage: Stage, sample: Sample, member: DemoMember) -> None:
    await stage.set_up(member, ELECTION)
    chosen = ("--election", ELECTION)
    await stage.command(member, "tps-list", "import", str(sample.register), *chosen)
    for one in sample.streams:
        if one.member == member.key:
            source = ["--source", "kpu"] if one.official else []
            words = ("--contest", "ppwp", "--form", one.form, *source)
            await stage.command(member, "import", str(one.path), *chosen, *words)
    secret = str(member.home / "passphrase")
    words = ("--incidents", "--passphrase-file", secret)
    await stage.command(member, "keys", "chain", *chosen, *words)
    await stage.start(member)


async def _is_one_map(nodes: ThreeNodes) -> bool:
    each = (nodes.ours, nodes.middle, nodes.theirs)
    said = [await nodes.ask("/v1/summary", one) for one in each]
    whole = all(len(one["vector"]) == len(each) for one in said)
    return whole and len({one["digest"] for one in said}) == 1


def _report(place: str) -> tuple[str, ...]:
    return (
        *("--category", "lainnya", "--law", "administrasi"),
        *("--region", place, "--ref", POLYGLOT),
        *("--summary", POLYGLOT, "--description", POLYGLOT),
        *("--happened", "2024-02-14 08.30"),
    )


def _spoil_names(register: Path) -> str:
    """Give the first kelurahan and its kecamatan hostile names; its code."""
    with register.open(encoding="utf-8", newline="") as lines:
        head, *rows = csv.reader(lines)
    place, names = rows[0][0][:10], {"kecamatan": 6, "kelurahan": 10}
    for row in rows:
        for name, digits in names.items():
            if row[0].startswith(place[:digits]):
                row[head.index(name)] = POLYGLOT
    with register.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    return place
