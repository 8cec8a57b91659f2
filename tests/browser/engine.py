"""What judges in the page, called without its buttons: for thousands of cases.

The same script that the page holds, with its two entrances opened; the browser's own
cryptography. Beside it the command line's audit, for the same files. Every trust file
here counts as chosen by the reader; the choice itself is tested with the buttons.
"""

import base64
import json
import re

from federation import verifier
from federation.errors import FederationError
from federation.feeds.bundle import BundleFile
from federation.feeds.files import FileFeed
from federation.flows.audit import EXITS, AuditSource, Trust, audit
from federation.tlog.policy import parse_policy
from tests.browser.chromium import Tab

NOW = 1_708_000_000
_OPENED = (
    "audit, recognise, isGoodPoint, parseVkey, parseCanonical, openNote, openChain,"
    " openLeaf, decodeNotes, parseNote, fingerprint, parseFingerprint, parseOwned,"
    " verify"
)
_ENTRANCES = f"window.engine = {{ {_OPENED} }};\n}})();"
_RUN = """(async (cases) => {
  const found = [];
  for (const { files, typed } of cases) {
    const inputs = files.map(([name, text]) => {
      const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
      const kind = engine.recognise(bytes.subarray(0, 4096));
      const isTrusted = kind === "trust-file";
      return { name, bytes, kind, isTrusted, file: new Blob([bytes]) };
    });
    found.push((await engine.audit(inputs, typed, () => {})).toJSON());
  }
  return JSON.stringify(found);
})"""


class Engine:
    """The page's judgement."""

    def __init__(self, tab: Tab) -> None:
        self._tab = tab

    async def begin(self) -> "Engine":
        script = re.findall(r"(?s)<script>(.*)</script>", verifier.page().decode())[-1]
        opened, _, _ = script.rpartition("start();")
        await self._tab.run(f"{opened}{_ENTRANCES}")
        return self

    async def judge_all(self, cases: list[tuple[dict[str, bytes], list[str]]]):
        """A report for each case: files by name, and fingerprints that were typed."""
        listed = [
            {
                "files": [
                    (name, base64.b64encode(data).decode())
                    for name, data in files.items()
                ],
                "typed": typed,
            }
            for files, typed in cases
        ]
        return json.loads(await self._tab.run(f"{_RUN}({json.dumps(listed)})"))

    async def ask(self, body: str, values: list[bytes]) -> list:
        """What a function of bytes says of each: `true`, or the sort of its refusal."""
        listed = json.dumps([base64.b64encode(value).decode() for value in values])
        return await self._tab.run(f"""(async () => {{
            const found = [];
            for (const text of {listed}) {{
                const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
                try {{
                    found.push(await (async (bytes) => {{ {body} }})(bytes));
                }} catch (error) {{
                    found.push(error.sort ?? String(error));
                }}
            }}
            return found;
        }})()""")

    async def judge(self, files: dict[str, bytes], *typed: str) -> dict:
        [report] = await self.judge_all([(files, list(typed))])
        return report


async def judge_here(files: dict[str, bytes], typed, profiles, folder) -> dict:
    """The command line's report for the same files."""
    policy, sources, opened = None, [], []
    for name, data in files.items():
        if data.startswith((b"log ", b"witness ")):
            policy = parse_policy(data)
            continue
        if not data.startswith(b"PK"):
            sources.append(AuditSource(name=name, document=data))
            continue
        path = folder / name
        path.write_bytes(data)
        try:
            bundle = BundleFile(path)
        except FederationError as error:
            sources.append(AuditSource(name=name, fault=error))
            continue
        opened.append(bundle)
        feed = FileFeed(bundle, name) if bundle.is_whole else None
        sources.append(AuditSource(name=name, feed=feed, files=bundle))
    trust = trust_of(policy, typed)
    report = await audit(
        sources,
        trust,
        profiles=profiles,
        workers=None,
        scratch=None,
        now=NOW,
        # The page has no such option: it says that only the newer records are there.
        partial=True,
    )
    for bundle in opened:
        bundle.close()
    return report


def trust_of(policy, typed) -> Trust:
    """What the command line makes of a trust file and of ORG=FINGERPRINT."""
    owners = {one.rpartition("=")[2]: one.rpartition("=")[0] for one in typed}
    named = {text: org for text, org in owners.items() if org}
    return Trust(policy=policy, fingerprints=frozenset(owners), owners=named)


def facts(report) -> list[tuple]:
    """What is wrong, sorted: in which file, what, at which position. Notes say less."""
    if isinstance(report, dict):
        found = report["findings"]
        rows = [(f["source"], f["kind"], f["index"]) for f in found]
    else:
        rows = [(f.source, f.kind, f.index) for f in report.findings]
    return sorted((row for row in rows if row[1] in EXITS), key=repr)
