"""The documents name what there is, all of it, and nothing else."""

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import msgspec
import pytest
from aiohttp import web

from federation import errors
from federation.cli import output
from federation.cli.help import translate, translate_names
from federation.config.agencies import AgencyEntry
from federation.config.peers import load_peers
from federation.config.settings import Settings
from federation.flows import staleness
from federation.flows.audit import (
    EXITS,
    NOTES,
    AuditedLog,
    AuditFinding,
    AuditReport,
    DocumentReport,
    Holding,
    MapReport,
)
from federation.flows.refer import received
from federation.node import metrics, observing, referalarms
from federation.node.diskroom import (
    ALARM_AWAY,
    ALARM_FAILED,
    ALARM_FULL,
    ALARM_STANDBY,
)
from federation.store.db import Database
from federation.text import LANGUAGES, Text, load_topic
from federation.web.app import make_app
from scripts import make_access_page, make_docs, make_errors_page
from tests.webnode import context_of, settings_of

PROJECT = Path(__file__).resolve().parents[2]
PACKAGE = PROJECT / "federation"
DOCS = PROJECT / "docs"
REFERENCE = DOCS / "reference"
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
HOSTS = tuple(
    f"{name}.org" for name in ("pypi", "pythonhosted", "anaconda", "conda-forge")
)


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def ours(pattern: str) -> list[Path]:
    """The files under version control whose whole name matches."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    names = filter(re.compile(pattern).fullmatch, listed.stdout.decode().split("\0"))
    return [path for name in names if (path := PROJECT / name).is_file()]


def codes_in(text: str) -> set[str]:
    """What stands in backticks in the first column of the tables."""
    rows = re.findall(r"(?m)^\| (`[^|]*) \|", text)
    return {code for row in rows for code in re.findall(r"`([^`]+)`", row)}


@pytest.mark.parametrize("name", ["cli.md", "cli.id.md", "alarms.md", "alarms.id.md"])
def test_the_pages_that_the_program_writes_are_current(name):
    assert read(REFERENCE / name) == make_docs.pages()[name], "run `make docs`"


def test_every_alarm_has_its_page_in_both_languages_and_no_other_has():
    written = {n: t for n, t in make_docs.pages().items() if n.startswith("alarms/")}
    there = {
        f"alarms/{path.name}": read(path) for path in (REFERENCE / "alarms").iterdir()
    }
    codes = {n for n in load_topic("alarms") if not n.startswith("do-")}
    assert written.keys() == {
        f"alarms/{c}{s}" for c in codes for s in (".md", ".id.md")
    }
    assert there == written, "run `make docs`"


def test_every_command_and_option_is_on_its_page_and_no_other():
    text = read(REFERENCE / "cli.md")
    paths = {ctx.command_path for ctx in make_docs.walk() if ctx.parent}
    assert paths == set(re.findall(r"(?m)^#+ (federation .+)$", text))
    options = {
        option
        for ctx in make_docs.walk()
        if ctx.parent and not isinstance(ctx.command, click.Group)
        for param in ctx.command.get_params(ctx)
        if isinstance(param, click.Option)
        for option in param.opts
    }
    assert options == set(re.findall(r"(?m)^- `(--[a-z-]+)", text))


def test_commands_that_pages_tell_people_to_type_exist():
    known = {ctx.command_path: ctx for ctx in make_docs.walk()}
    seen = 0
    for path in ours(r".*\.md|federation/text/.*\.toml"):
        for line in _typed(read(path)):
            ctx = known["federation"]
            for word in line.split()[1:]:
                if isinstance(ctx.command, click.Group) and word[0].isalpha():
                    name = f"{ctx.command_path} {word.strip('.,:;')}"
                    # "federation init, federation import …" in a sentence.
                    assert name in known, f"{path.name}: {line}"
                    ctx = known[name]
                elif option := re.match(r"--[a-z-]+", word):
                    found = {o for p in ctx.command.get_params(ctx) for o in p.opts}
                    assert option[0] in found, f"{path.name}: {line}"
            seen += 1
    assert seen > 50


def _typed(text: str) -> list[str]:
    """Commands in backticks or on a line of a block, without what follows them."""
    spans = re.findall(r"`(federation [a-z][^`]*)`", text)
    lines = re.findall(r"(?m)^(?:\$ )?(federation [a-z].+)$", text)
    return [re.split(r" [#|>&]|, ", line)[0] for line in spans + lines]


def members(kind: type, above: str = "") -> set[str]:
    """The dotted keys of a settings type."""
    found = set()
    for field in msgspec.structs.fields(kind):
        name = above + field.encode_name
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            found |= members(field.type, name + ".")
        else:
            found.add(name)
    return found


def test_what_is_to_be_filled_in_has_one_name_in_the_usage_and_in_the_help():
    """`BERKAS` in the one and `FILE` in the other would be two things."""
    t, found = Text("id"), []
    for ctx in make_docs.walk():
        params = ctx.command.params
        names = {
            name
            for one in params
            for name in re.findall(r"[A-Z]{2,}", one.make_metavar(ctx))
            if translate_names(t, name) != name
        }
        helps = [ctx.command.help, *(getattr(one, "help", None) for one in params)]
        told = " ".join(translate(t, one or "") for one in helps)
        found += [(ctx.command_path, n) for n in names if re.search(rf"\b{n}\b", told)]
    assert found == []


def test_every_setting_is_documented_and_every_documented_one_exists():
    page = read(REFERENCE / "configuration.md")
    settings = page.partition("## federation.toml")[2].partition("\n## ")[0]
    assert codes_in(settings) == members(Settings)


def test_every_key_of_a_partner_is_documented_and_shown(tmp_path):
    page = read(REFERENCE / "configuration.md")
    table = page.partition("## peers.toml")[2].partition("\n## ")[0]
    example = tomllib.loads(read(PROJECT / "peers.example.toml"))
    shown = {key for entry in example["peer"] for key in entry}
    assert codes_in(table) == shown
    assert len(load_peers(PROJECT / "peers.example.toml")) == len(example["peer"])
    (tmp_path / "peers.toml").write_text("[[peer]]\nnot_a_key = 1\n")
    with pytest.raises(errors.ConfigError) as refused:
        load_peers(tmp_path / "peers.toml")
    known = re.search(r"known: ([a-z_, ]+)", str(refused.value))
    assert known
    assert set(known[1].split(", ")) == shown


def test_every_key_of_an_agency_is_documented_and_shown():
    page = read(REFERENCE / "configuration.md")
    table = page.partition("## agencies.toml")[2].partition("\n## ")[0]
    example = tomllib.loads(read(PROJECT / "agencies.example.toml"))
    shown = {key for entry in example["agency"] for key in entry}
    assert codes_in(table) == shown == members(AgencyEntry)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_the_error_codes_is_current(language):
    text = read(make_errors_page.PAGES[language])
    assert text == make_errors_page.make_page(language), "run `make docs`"


def test_the_indonesian_table_of_who_gets_what_is_the_english_one():
    text = read(make_access_page.PAGE)
    assert text == make_access_page.make_page(), "run `make docs`"


def test_every_error_code_is_documented_and_no_other():
    kinds = {
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.FederationError)
    }
    page, _, rows = read(REFERENCE / "errors.md").partition("## Codes of rows")
    assert codes_in(rows)
    assert {kind.code for kind in kinds} | http_codes() == codes_in(page)
    for kind in kinds:
        assert f"| `{kind.code}` | `{kind.__name__}` |" in page


def http_codes():
    """The codes that stand beside a status in the web's sources."""
    beside = re.compile(r'HTTPStatus\.\w+(?:,|: \()\s*"([a-z-]+)"')
    sources = [read(path) for path in (PROJECT / "federation" / "web").glob("*.py")]
    return {"http"} | {code for text in sources for code in beside.findall(text)}


def test_every_exit_code_is_documented_and_no_other():
    named = {
        value
        for name, value in vars(output).items()
        if name.isupper() and isinstance(value, int) and not name.startswith("_")
    }
    page = read(REFERENCE / "exit-codes.md")
    told = {int(n) for n in re.findall(r"(?m)^\| (\d+) \|", page)}
    assert told == named | set(EXITS.values())


def test_every_verdict_is_documented_with_its_exit_code():
    page = read(REFERENCE / "exit-codes.md")
    told = {k: int(n) for n, k in re.findall(r"(?m)^\| (\d+) \| `([a-z-]+)` \|", page)}
    assert told == EXITS
    assert set(re.findall(r"(?m)^\| `([a-z-]+)` \|", page)) == set(NOTES)


def test_every_member_of_the_verifying_report_is_documented():
    page = read(REFERENCE / "verify-report.md")
    told = set(re.findall(r"`([a-z_]+)`", page))
    for kind in (
        AuditReport,
        AuditedLog,
        DocumentReport,
        MapReport,
        Holding,
        AuditFinding,
    ):
        names = {field.encode_name for field in msgspec.structs.fields(kind)}
        assert names <= told, kind


@pytest.fixture
def app(tmp_path):
    database = Database.open(tmp_path / "data")
    settings = settings_of(org="a.example", elections=["e"])
    yield make_app(context_of(database, settings))
    database.close()


def test_every_route_is_documented(app: web.Application):
    pages = "".join(read(path) for path in REFERENCE.glob("*.md"))
    for route in app.router.routes():
        path = route.resource.canonical if route.resource else ""
        # Pages for people are found by reading them.
        if route.method == "HEAD" or path.startswith(PEOPLE) or path == "/":
            continue
        shown = path.replace("{log}", "<hex>").replace("{path}", "tile/…")
        shown = shown.replace("/v1/control/{command}", "/v1/control/")
        assert shown in pages, f"{route.method} {path}"


PEOPLE = (
    *("/antrean", "/wilayah", "/tps", "/kosong", "/berbeda", "/static", "/gambar"),
)


def test_every_documented_path_of_the_api_is_a_route(app: web.Application):
    routes = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource
    }
    listed = re.findall(r"\| `(GET|POST) ([^`?]+)` \|", read(REFERENCE / "api.md"))
    assert len(listed) > 5
    assert set(listed) <= routes


def raised_alarms() -> set[str]:
    """Every code that the program raises, read out of its source."""
    found = set()
    for path in ours(r"federation/.*\.py"):
        text = read(path)
        if "alarm" not in text:
            continue
        parts = path.relative_to(PROJECT).with_suffix("").parts
        module = importlib.import_module(".".join(parts))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and (code := _code_of(node)):
                found.add(_value(code, module))
    return found


def _code_of(call: ast.Call) -> ast.expr | None:
    """The argument that is the code, if this call raises an alarm."""
    given = call.args
    words = ast.unparse(call.func)
    if words.endswith("raise_alarm"):
        return given[1]
    if words.endswith(".write") and ast.unparse(given[0]) == "alarms.raise_alarm":
        return given[1]
    if words.endswith(".alarm"):
        return given[0]
    # What `flows/ownlog/ingest.py` raises with its batch: (code, subject, detail).
    if words.endswith(".append") and isinstance(given[0], ast.Tuple):
        first = given[0].elts[0]
        return first if ast.unparse(first).isupper() else None
    return None


def _value(code: ast.expr, module: object) -> str:
    """A code as it is; a place to fill in is `*`, a variable `?name`."""
    if isinstance(code, ast.Constant):
        return str(code.value)
    if isinstance(code, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "*"
            for part in code.values
        )
    name = ast.unparse(code)
    return getattr(module, name, f"?{name}")


def test_every_alarm_has_words_and_every_word_an_alarm():
    documented = {n for n in load_topic("alarms") if not n.startswith("do-")}
    said = raised_alarms()
    # A code handed on by its name comes from a call that is looked at as well, or
    # is chosen above: fork or own-fork, a disk that is full or failed, what became of
    # a report.
    unknown = {code for code in said if code.startswith("?")}
    assert unknown == {"?code", "?alarm.code"}
    said = (said - unknown) | {"fork", "own-fork", ALARM_FULL, ALARM_FAILED, ALARM_AWAY}
    said.add(ALARM_STANDBY)
    said |= {referalarms.UNSURE, referalarms.FAILED, referalarms.TWICE}
    # Of a feed: `flows/pull/alarms.py` chooses.
    said |= {"feed-mismatch", "feed-refused"}
    said |= {received.CAME, received.BOUNCED, *observing.CODES, *staleness.CODES}
    patterns = [re.escape(code).replace(r"\*", ".+") for code in said]
    for code in documented:
        assert any(re.fullmatch(one, code) for one in patterns), code
        assert f"do-{code}" in load_topic("alarms")
    for one in patterns:
        assert any(re.fullmatch(one, code) for code in documented), one


def test_every_metric_is_documented_and_no_other(tmp_path, monkeypatch):
    text = Path(metrics.__file__).read_text(encoding="utf-8")
    named = set(re.findall(r"\bfederation_[a-z_]+", text))
    assert named == {c for c in codes_in(read(REFERENCE / "metrics.md")) if "_" in c}


def test_every_link_leads_somewhere():
    for path in ours(r".*\.md"):
        for found in LINK.findall(read(path)):
            target = "".join(found)
            if target.startswith(("http://", "https://", "mailto:")):
                continue
            file, _, heading = target.partition("#")
            there = (path.parent / file).resolve() if file else path
            assert there.exists(), f"{path.relative_to(PROJECT)}: {target}"
            if heading:
                assert heading in _anchors(read(there)), f"{path.name}: {target}"


def _anchors(text: str) -> set[str]:
    """The anchors of a page, as code hosts make them from headings."""
    headings = re.findall(r"(?m)^#+ (.+)$", text)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


def test_every_page_is_reached_from_the_first_one():
    """A page that nobody links to is not read."""
    reached, waiting = set(), [PROJECT / "README.md"]
    while waiting:
        path = waiting.pop()
        if path in reached:
            continue
        reached.add(path)
        for found in LINK.findall(read(path)):
            there = (path.parent / "".join(found).partition("#")[0]).resolve()
            if there.is_dir():
                waiting += there.glob("*.md")
            elif there.suffix == ".md" and there.exists():
                waiting.append(there)
    pages = set(ours(r"docs/.*\.md"))
    assert {str(p.relative_to(PROJECT)) for p in pages - reached} == set()


def test_the_drawing_of_the_floors_is_the_contract():
    contracts = tomllib.loads(read(PROJECT / "pyproject.toml"))["tool"]["importlinter"]
    floors = next(c for c in contracts["contracts"] if c["id"] == "floors")["layers"]
    # What stands in brackets is a room that is not built yet.
    wanted = [
        {part.strip() for part in floor.split("|") if "(" not in part}
        for floor in floors
    ]
    drawing = read(PROJECT / "ARCHITECTURE.md").split("```")[1]
    rows = re.findall(r"(?m)^(\d)  ([a-z]+(?: \| [a-z]+)*)", drawing)
    assert [int(number) for number, _ in rows] == list(range(len(floors)))[::-1]
    assert [set(names.split(" | ")) for _, names in rows] == wanted


def test_every_place_that_the_architecture_names_is_there():
    """Not only the files: the words in brackets behind one stand in it, too."""
    text = read(PROJECT / "ARCHITECTURE.md")
    rows = re.findall(r"(?m)^\| (?!I want|---)(.+?) \| (.+) \|$", text)
    assert len(rows) > 60
    for wish, places in rows:
        named = re.findall(r"`([\w./]+/|[\w./]+\.\w+)`(?: \(`(\w+)`\))?", places)
        assert named, wish
        for name, word in named:
            there = [top / name for top in (PACKAGE, PROJECT) if (top / name).exists()]
            assert there, f"{wish}: {name}"
            assert not word or word in read(there[0]), f"{wish}: {word}"


def test_every_room_of_the_house_is_named_in_the_architecture():
    """A newcomer finds each folder from the page that is read first."""
    text = read(PROJECT / "ARCHITECTURE.md")
    rooms = {
        f"{path.parent.relative_to(PACKAGE).as_posix()}/"
        for path in PACKAGE.rglob("*.py")
        if path.parent != PACKAGE
    }
    named = re.findall(r"`((?:\w+/)+)", text)
    assert {
        room for room in rooms if not any(n.startswith(room) for n in named)
    } == set()


def listed_at_the_head(package: Path) -> set[str]:
    """The modules in a package's list of its files; empty where it has none."""
    head = ast.get_docstring(ast.parse(read(package / "__init__.py"))) or ""
    return set(re.findall(r"(?m)^ *([a-z_]+) {2,}\S", head))


@pytest.mark.parametrize(
    "package",
    [path.parent for path in PACKAGE.rglob("__init__.py")],
    ids=lambda path: path.relative_to(PROJECT).as_posix(),
)
def test_the_list_at_a_folders_head_names_each_of_its_files(package):
    listed = listed_at_the_head(package)
    files = {
        path.stem
        for path in package.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    } - {"__init__", "__main__"}
    assert not (listed or package.parent.name == "flows") or files == listed


def test_no_package_index_is_named():
    for path in ours(r".*\.(md|txt|toml)|Makefile|\.ci/.*"):
        for host in HOSTS:
            assert host not in read(path), f"{path.name} names {host}"


def printed(language: str) -> list[str]:
    """The lines that the README says `make run ARGS=--once` prints."""
    blocks = read(PROJECT / "README.md").split("```text\n")[1:]
    own = f"<code>FEDERATION_LANG={language}</code>"
    heads = re.findall(
        r"<code>FEDERATION_LANG=\w\w</code>", read(PROJECT / "README.md")
    )
    return blocks[heads.index(own)].partition("```")[0].splitlines()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_output_in_the_readme_is_made_of_what_the_demonstration_says(language):
    sentences = [said[language] for said in load_topic("demo").values()]
    patterns = [
        re.sub(r"\\\{\w+\\\}", ".+", re.escape(sentence)) for sentence in sentences
    ]
    lines = [line for line in printed(language) if not line.startswith("  ")]
    assert len(lines) > 10
    for line in lines:
        assert any(re.fullmatch(one, line) for one in patterns), line


@pytest.mark.slow
def test_the_demonstration_prints_what_the_readme_says_and_ends_by_itself():
    """All of it, but how long it took and the digest, which keys go into."""
    words = [sys.executable, "-m", "federation", "demo", "--once", "--lang", "id"]
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=600, check=True
    )
    notes = {load_topic("demo")[f"step-{step}"]["id"] for step in ("prepare", "sync")}
    shown = [line for line in printed("id") if line not in notes]
    assert list(map(_mask, done.stdout.splitlines())) == list(map(_mask, shown))
    assert len(shown) <= 25


def _mask(line: str) -> str:
    return re.sub(r"^[\d.,]+ detik|\([0-9a-f]{12}…\)", "#", line)
