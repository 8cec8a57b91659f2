"""Build the pages of `docs/` as a site to read from a folder or a server: `make site`.

    build/site/index.html      which language
    build/site/id, …/en        all pages, a search that works without a server

Rule: a link or an anchor that leads nowhere, a page that the generator warns of, and
anything that a page would fetch from another host end the build with an error.

    python scripts/site/build.py [DOCS [OUT]]
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from links import faults
from stage import LANGUAGES, Docs, stage

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent


def build(folder: Path, out: Path) -> int:
    """Write the site of a folder of documents; how many faults there are."""
    shutil.rmtree(out, ignore_errors=True)
    docs, source = Docs(folder), out.parent / f"{out.name}-source"
    shutil.rmtree(source, ignore_errors=True)
    started = []
    for language in reversed(LANGUAGES):
        stage(docs, language, source / language)
        words = ["-q", "-W", "--keep-going", "-E", "-b", "html", "-c", str(HERE)]
        words += ["-d", str(source / f"read-{language}")]
        words += [str(source / language), str(out / language)]
        given = {**os.environ, "SITE_LANGUAGE": language, "SITE_DOCS": str(folder)}
        started.append(
            subprocess.Popen([sys.executable, "-m", "sphinx", *words], env=given)  # noqa: S603
        )
    failed = sum(process.wait() != 0 for process in started)
    for language in LANGUAGES:
        files = source / language / "files"
        if files.exists():
            shutil.copytree(files, out / language / "files")
    shutil.copyfile(HERE / "index.html", out / "index.html")
    found = faults(out.resolve())
    for fault in found:
        print(fault, file=sys.stderr)  # noqa: T201
    return failed + len(found)


def main(words: list[str]) -> int:
    """Build; the exit code."""
    folder = Path(words[0]) if words else PROJECT / "docs"
    out = Path(words[1]) if len(words) > 1 else PROJECT / "build" / "site"
    count = build(folder.resolve(), out.resolve())
    if not count:
        print(f"{out}/index.html")  # noqa: T201
    return int(count > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
