"""What the demonstration tells, in at most 25 lines, each from what a node answered."""

import asyncio
import hashlib
import time
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from federation.cli.demo.sample import Sample
from federation.cli.demo.stage import CommandError, DemoMember, Stage
from federation.cli.output import Output
from federation.errors import FederationError
from federation.flows.query.answers import Summary
from federation.records.merge import Row
from federation.text import Sentence
from federation.tlog.tile import Bundle, decode_bundle, format_tile_path

SETTLE_S = 45.0
_BAR = 20


class Story:
    """One telling: acts on the stage, prints to `out`."""

    def __init__(self, stage: Stage, sample: Sample, out: Output) -> None:
        """The stage is open; nothing is set up yet."""
        self._stage, self._sample, self._out, self._t = stage, sample, out, out.t
        members = stage.members
        # The two ends never connect: what they hold of each other was passed on.
        self._first, self._last = members["jagapemilu"], members["kawalpemilu"]
        self._middle = members["jagasuara"]
        self._members = (self._first, self._middle, self._last)

    async def tell(self) -> list[Summary]:
        """The whole story; what each node says of its map at the end.

        Raises:
            FederationError: a command or a node failed.
        """
        self._say_title()
        self._out.note(self._t("demo.step-prepare"))
        await _all(self._prepare(member) for member in self._members)
        alone = await self._summaries()
        self._say_alone(alone)
        self._out.note(self._t("demo.step-sync"))
        began = time.monotonic()
        await self._connect()
        together = await self._settle(alone)
        self._say_together(alone, together, time.monotonic() - began)
        await self._say_relay(together[0])
        await self._say_map(together[0])
        await self._say_forgery(together[0])
        await self._say_audit()
        return together

    async def trusted(self) -> list[str]:
        """What an auditor was told by telephone, as options of `federation verify`."""
        asked = [self._stage.command(each, "keys", "show") for each in self._members]
        told = [
            f"{key['org']}={key['fingerprint']}" for key in [await a for a in asked]
        ]
        return [word for pin in told for word in ("--fingerprint", pin)]

    async def _prepare(self, member: DemoMember) -> None:
        stage, election = self._stage, self._sample.election
        await stage.set_up(member, election)
        register = str(self._sample.register)
        await stage.command(
            member, "tps-list", "import", register, "--election", election
        )
        for stream in self._sample.streams:
            if stream.member == member.key:
                source = ["--source", "kpu"] if stream.official else []
                await stage.command(
                    member, "import", str(stream.path), "--election", election,
                    "--contest", "ppwp", "--form", stream.form, *source,
                )  # fmt: skip
        await stage.start(member)

    async def _connect(self) -> None:
        """A chain: each end knows the other's key, but not where it is."""
        middle = self._middle
        await _all(
            (
                self._stage.connect(self._first, [middle]),
                self._stage.connect(middle, [self._first, self._last]),
                self._stage.connect(self._last, [middle]),
            )
        )
        for here, there in ((self._first, self._last), (self._last, self._first)):
            vkey = (there.home / "keys" / f"{there.org}.vkey").read_text().strip()
            with (here.home / "peers.toml").open("a") as peers:
                peers.write(
                    f'\n[[peer]]\norg = "{there.org}"\nname = "{there.name}"\n'
                    f'identity = "{vkey}"\n'
                )

    async def _summaries(self) -> list[Summary]:
        return await asyncio.gather(*map(self._summary, self._members))

    async def _summary(self, member: DemoMember) -> Summary:
        return msgspec.convert(await self._stage.get(member, "/v1/summary"), Summary)

    async def _settle(self, alone: Sequence[Summary]) -> list[Summary]:
        """Wait until every node has merged everything.

        Raises:
            CommandError: it took too long.
        """
        goal: dict[str, int] = {}
        for summary in alone:
            goal |= {
                o: n for o, n in summary.vector.items() if o.startswith(summary.org)
            }
        until = time.monotonic() + SETTLE_S
        while time.monotonic() < until:
            now = await self._summaries()
            if (
                all(_covers(s.vector, goal) for s in now)
                and len({s.digest for s in now}) == 1
            ):
                return now
            await asyncio.sleep(0.2)
        raise CommandError(Sentence("demo.failed", seconds=int(SETTLE_S)))

    def _say_title(self) -> None:
        origin = self._t("demo.made-up" if self._sample.made_up else "demo.real")
        with self._sample.register.open(encoding="utf-8") as lines:
            stations = sum(1 for _ in lines) - 1
        self._line(
            "title", place=self._sample.place, stations=self._n(stations), origin=origin
        )

    def _say_alone(self, alone: Sequence[Summary]) -> None:
        self._line("alone")
        for member, summary in zip(self._members, alone, strict=True):
            self._line("share-alone", **self._share(member, summary))

    def _say_together(
        self, alone: Sequence[Summary], together: Sequence[Summary], seconds: float
    ) -> None:
        first, middle, last = (m.name for m in self._members)
        self._line("connect", first=first, middle=middle, last=last)
        self._line("together", seconds=f"{seconds:.1f}", digest=together[0].digest[:12])
        for member, before, after in zip(self._members, alone, together, strict=True):
            gain = self._n(_covered(after) - _covered(before))
            self._line("share-together", **self._share(member, after), gain=gain)

    async def _say_relay(self, summary: Summary) -> None:
        count = sum(
            n for o, n in summary.vector.items() if o.startswith(self._last.org)
        )
        self._line(
            "relay", first=self._first.name, middle=self._middle.name,
            last=self._last.name, count=self._n(count),
        )  # fmt: skip

    async def _say_map(self, summary: Summary) -> None:
        status = {name: self._n(count) for name, count in summary.status.items()}
        self._line("agree", **status)
        await self._say_disputed()
        await self._say_gap(summary)
        await self._say_implausible()
        votes = " · ".join(
            f"{who}: {self._range(least, most)}"
            for who, (least, most) in summary.tally.items()
        )
        self._line("votes-total", votes=votes, stations=self._n(_covered(summary)))

    async def _say_disputed(self) -> None:
        answer = await self._stage.get(self._first, "/v1/disputed?limit=100")
        both = [c for c in answer["disputed"] if c["kpu"]] or answer["disputed"]
        if not both:
            return
        # Three voices tell more than two.
        contest = max(both, key=lambda dispute: len(dispute["monitors"]))
        self._line("differs", where=await self._where(contest["tps"]))
        names = {member.org: member.name for member in self._members}
        for claim in contest["monitors"]:
            self._say_votes(names.get(claim["org"], claim["org"]), claim["votes"])
        for claim in contest["kpu"]:
            self._say_votes(self._t("demo.kpu"), claim.get("votes", {}))

    def _say_votes(self, name: str, votes: Mapping[str, int]) -> None:
        numbers = "   ".join(f"{who}: {count:>3}" for who, count in votes.items())
        self._line("votes", name=f"{name:<30}", votes=numbers)

    async def _say_gap(self, summary: Summary) -> None:
        answer = await self._stage.get(self._first, "/v1/gaps?limit=1")
        for gap in answer["gaps"]:
            others = self._n(summary.status["missing"] - 1)
            self._line("gap", where=await self._where(gap["tps"]), others=others)

    async def _say_implausible(self) -> None:
        region = await self._stage.get(self._first, "/v1/regions")
        count = region["region"]["coverage"]["flags"].get("implausible", 0)
        row = await self._find("implausible")
        if row is None:
            return
        answer = await self._stage.get(self._first, f"/v1/tps/{row.tps}")
        claims = [s for c in answer["contests"] for s in (*c["monitors"], *c["kpu"])]
        broken = next(s for s in claims if s.get("rules"))
        why = self._t(f"rules.{broken['rules'][0]}")
        where = await self._where(row.tps)
        self._line("implausible", count=self._n(count), where=where, why=why)

    async def _find(self, flag: str) -> Row | None:
        """The first row of the map with that flag."""
        cursor = ""
        while True:
            page = await self._stage.get(
                self._first, f"/v1/changes?limit=1000&since={cursor}"
            )
            for change in page["changes"]:
                row = msgspec.convert(change["row"], Row)
                if flag in row.flags:
                    return row
            if not page["more"]:
                return None
            cursor = page["cursor"]

    async def _say_forgery(self, summary: Summary) -> None:
        """Change one digit of a signed record and hand it in as if it were whole."""
        victim = self._first
        origin = next(o for o in summary.vector if o.startswith(victim.org))
        leaf = await self._leaf(victim, origin)
        line, newline, rest = leaf.partition(b"\n")
        record = msgspec.json.decode(line)
        who = next(iter(record["candidates"]))
        was = record["candidates"][who]
        now = was + 100
        record["candidates"][who] = now
        forged = msgspec.json.encode(record, order="sorted") + newline + rest
        answer = await self._stage.post(
            victim,
            "/v1/records",
            {"election": summary.election, "leaves": [forged.decode()]},
        )
        verdict = answer["verdicts"][0]
        if verdict["outcome"] != "refused":
            raise CommandError(Sentence("demo.forgery-taken"))
        self._line(
            "forgery", was=was, now=now, org=victim.name, reason=verdict["reason"]
        )

    async def _say_audit(self) -> None:
        """Somebody who knows three fingerprints and an address, and nothing else."""
        url, told = self._last.url, await self.trusted()
        report = await self._stage.command(self._first, "verify", url, *told)
        records = sum(log["records"] for log in report["logs"])
        rows = sum(compared["stations"] for compared in report["maps"])
        self._line(
            "audited",
            name=self._last.name,
            records=self._n(records),
            logs=len(report["logs"]),
            rows=self._n(rows),
        )

    async def _leaf(self, member: DemoMember, origin: str) -> bytes:
        """The first result in a log, from the files that any auditor fetches."""
        vector = await self._stage.get(member, "/logs")
        note = next(e["checkpoint"] for e in vector["logs"] if e["origin"] == origin)
        width = min(int(note.split("\n")[1]), 256)
        name = _log_name(origin)
        path = format_tile_path(Bundle(0, width))
        leaves = decode_bundle(await self._stage.get(member, f"/{name}/{path}"))
        return next(leaf for leaf in leaves if b'"candidates"' in leaf)

    async def _where(self, tps: str) -> str:
        answer = await self._stage.get(self._first, f"/v1/tps/{tps}")
        names = [p["name"].title() for p in answer["places"] if p["name"]]
        return f"TPS {tps[10:]} {', '.join(reversed(names[-2:]))} ({tps})"

    def _share(self, member: DemoMember, summary: Summary) -> dict[str, str]:
        covered, stations = _covered(summary), max(1, summary.register)
        filled = round(_BAR * covered / stations)
        return {
            "name": f"{member.name:<12}",
            "bar": "█" * filled + "░" * (_BAR - filled),
            "count": self._n(covered),
            "stations": self._n(stations),
            "percent": str(round(100 * covered / stations)),
        }

    def _range(self, least: int, most: int) -> str:
        same = least == most
        return self._n(least) if same else f"{self._n(least)} – {self._n(most)}"

    def _n(self, number: int) -> str:
        return self._out.number(number)

    def _line(self, key: str, **values: Any) -> None:  # noqa: ANN401  # text values
        self._out.line(self._t(f"demo.{key}", **values))


async def _all(work: Iterable[Coroutine[object, object, None]]) -> None:
    """All of it at once; the first failure ends the others, and is what is raised.

    Raises:
        FederationError: that failure.
    """
    try:
        async with asyncio.TaskGroup() as group:
            for coroutine in work:
                group.create_task(coroutine)
    except* FederationError as failures:
        raise failures.exceptions[0] from None


def _covers(vector: Mapping[str, int], goal: Mapping[str, int]) -> bool:
    return all(vector.get(origin, 0) >= size for origin, size in goal.items())


def _covered(summary: Summary) -> int:
    return summary.register - summary.status["missing"]


def _log_name(origin: str) -> str:
    return hashlib.sha256(origin.encode()).hexdigest()
