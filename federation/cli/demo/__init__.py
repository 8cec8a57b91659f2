"""`federation demo`: the main job of this software, shown on one machine.

make run                                      made-up results of a real kabupaten
make run DATA=../shared/data/pilpres2019      real results of 2019
make -s run ARGS="--once --json"              one JSON object, for programs
"""

import asyncio
import contextlib
import tempfile
from pathlib import Path
from random import Random

import click

from federation.cli.context import Run, command_options
from federation.cli.demo.sample import Sample, cut_sample, make_sample
from federation.cli.demo.stage import Stage, environment
from federation.cli.demo.story import Story
from federation.cli.ending import on_request
from federation.cli.help import Command

SEED = 2024


@click.command("demo", cls=Command, help="demo.help")
@click.option("--data", type=click.Path(path_type=Path), help="demo.help-data")
@click.option("--once", is_flag=True, help="demo.help-once")
@command_options
def demo(run: Run, data: Path | None, once: bool) -> None:  # noqa: FBT001  # click
    """Three nodes, their story, and then as long as somebody looks."""
    with tempfile.TemporaryDirectory(prefix="federation-demo-") as folder:
        files = Path(folder) / "files"
        files.mkdir()
        random = Random(SEED)  # noqa: S311  made-up votes, no secret
        sample = cut_sample(data, files) if data else make_sample(files, random)
        asyncio.run(_play(run, sample, Path(folder), once=once))


async def _play(run: Run, sample: Sample, folder: Path, *, once: bool) -> None:
    async with Stage(folder, environment(), run.t.language).open() as stage:
        story = Story(stage, sample, run.out)
        nodes = await story.tell()
        if run.out.is_json:
            run.out.json({"nodes": nodes})
        if once:
            return
        urls = "  ".join(f"{m.name} {m.url}/" for m in stage.members.values())
        run.out.line(run.t("demo.look", urls=urls))
        url = next(iter(stage.members.values())).url
        words = " ".join(["federation", "verify", url, *await story.trusted()])
        run.out.line(run.t("demo.verify", command=words))
        run.out.line(run.t("demo.stop"))
        await _interrupted()
        run.out.line(run.t("demo.own-data"))


async def _interrupted() -> None:
    """Return at Ctrl-C or when asked to end."""
    asked = asyncio.Event()
    on_request(asked.set)
    with contextlib.suppress(asyncio.CancelledError):
        await asked.wait()
