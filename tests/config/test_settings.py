"""Settings say exactly what holds; whatever else is written is refused."""

import re
import runpy
from pathlib import Path

import msgspec
import pytest

from federation.config.document import MAX_FILE_BYTES
from federation.config.home import Home
from federation.config.settings import Settings, load_settings, parse_settings
from federation.config.settings_text import Answers, format_settings
from federation.errors import ConfigError

HOSTILE = runpy.run_path(str(Path(__file__).with_name("hostile.py")))
DOCS = Path(__file__).parents[2] / "docs" / "reference" / "configuration.md"


def test_the_shortest_settings_have_the_documented_defaults():
    settings = parse_settings(HOSTILE["BASE"], "f")
    assert settings == Settings(
        org="a.example", name="A", contact="c", elections=["pemilu-2024"]
    )
    assert (settings.sync.interval_s, settings.sync.jitter) == (60, 0.1)
    assert (settings.listen.host, settings.listen.port) == ("127.0.0.1", 8470)


@pytest.mark.parametrize(
    ("what", "text", "reason"), HOSTILE["SETTINGS"], ids=lambda v: str(v)[:40]
)
def test_what_is_wrong_is_refused_with_file_key_and_reason(what, text, reason):
    with pytest.raises(ConfigError) as caught:
        parse_settings(text, "home/federation.toml")
    assert str(caught.value).startswith(f"home/federation.toml: {reason}"), what


def test_a_time_for_an_election_that_is_not_ours_is_refused_by_name():
    times = "[photos]\nretention_days = { pemilu-2024 = 365, pilpres-2042 = 30 }\n"
    with pytest.raises(ConfigError) as caught:
        parse_settings(HOSTILE["BASE"] + times, "federation.toml")
    assert caught.value.key == "photos.retention_days.pilpres-2042"
    assert "elections of this node (pemilu-2024)" in caught.value.reason
    ours = times.replace(", pilpres-2042 = 30", "")
    settings = parse_settings(HOSTILE["BASE"] + ours, "f")
    assert settings.photos.retention_days == {"pemilu-2024": 365}


def test_an_integer_is_a_good_jitter():
    text = HOSTILE["BASE"] + "[sync]\njitter = 1\n"
    assert parse_settings(text, "f").sync.jitter == 1.0


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xff", "is not UTF-8"),
        (b"#" * (MAX_FILE_BYTES + 1), "is larger than"),
        (None, "cannot be read: there is no such file"),
    ],
)
def test_a_file_that_cannot_be_read_is_said(tmp_path, data, reason):
    path = tmp_path / "federation.toml"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ConfigError, match=reason):
        load_settings(path)


def answers(**changed):
    given = {
        "org": "a.example",
        "name": 'Jaga "Pemilu" \\ {x}',
        "contact": "a@b",
        "elections": ("pemilu-2024", "pilpres-2019"),
        "licence": "CC-BY-4.0",
        "attribution": "",
        "host": "0.0.0.0",
        "port": 0,
        "public_url": None,
    }
    return Answers(**{**given, **changed})


@pytest.mark.parametrize(
    "address",
    [
        "postgresql:///federation",
        "postgres://node@db.example:5433/federation?sslmode=verify-full",
        "postgresql://a.example,b.example/federation?target_session_attrs=primary",
    ],
)
def test_a_database_of_a_server_is_named_by_its_address(address):
    text = f'database = "{address}"\n{HOSTILE["BASE"]}'
    settings = parse_settings(text, "f")
    assert Home.of(Path("home"), settings).database == address


def test_reports_are_kept_for_elections_of_ours_only():
    text = HOSTILE["BASE"]
    assert parse_settings(text, "f").origins == ("a.example/pemilu-2024",)
    kept = parse_settings('incidents = ["pemilu-2024"]\n' + text, "f")
    assert kept.origins == (
        "a.example/pemilu-2024",
        "a.example/pemilu-2024/incidents",
    )
    for wrong, reason in (
        ('["pilpres-2019"]', "elections of this node (pemilu-2024)"),
        ('["pemilu-2024", "pemilu-2024"]', "names an election twice"),
    ):
        with pytest.raises(ConfigError, match=re.escape(reason)) as caught:
            parse_settings(f"incidents = {wrong}\n{text}", "f")
        assert caught.value.key == "incidents"


def test_a_log_that_is_continued_goes_by_the_name_of_its_last_successor():
    text = 'incidents = ["pemilu-2024"]\nsuccessors = [{}]\n' + HOSTILE["BASE"]
    names = (
        '"pemilu-2024/2", "pemilu-2024/10", "pilpres-2019/2", "pemilu-2024/incidents/3"'
    )
    assert parse_settings(text.format(names), "f").origins == (
        "a.example/pemilu-2024/10",
        "a.example/pemilu-2024/incidents/3",
    )
    for wrong in ("pemilu-2024", "pemilu-2024/1", "pemilu-2024/17", "a/x/2", "a/b/c/2"):
        with pytest.raises(ConfigError, match="continues another"):
            parse_settings(text.format(f'"{wrong}"'), "f")


@pytest.mark.parametrize("url", [None, "https://data.a.example"])
def test_what_init_writes_says_what_was_answered(url):
    settings = parse_settings(format_settings(answers(public_url=url)), "f")
    assert settings.name == 'Jaga "Pemilu" \\ {x}'
    assert settings.elections == ["pemilu-2024", "pilpres-2019"]
    assert (settings.listen.port, settings.listen.public_url) == (0, url)


def test_what_init_writes_shows_every_key_with_its_default():
    text = format_settings(answers())
    # With every comment that holds a value taken for one, nothing changes.
    uncommented = re.sub(r"(?m)^# (\w+ = )", r"\1", text)
    for example in (
        'public_url = "https://…"',
        'to = "site"',
        'store_access = "keys/site-store.env"',
        'originals = "originals"',
        'database = "postgresql://federation@db.example/federation"',
        'store = "photos"',
        'uploads = "https://s3.example.org"',
        'to = "/mnt/backup/node"',
        'store_access = "keys/store.env"',
        'guard = "s3://bucket/guard"',
        'guard_access = "keys/guard.env"',
        "own_max_mb = 4000000",
        "own_max_photos = 5000000",
        "retention_days = { pemilu-2024 = 365 }",
        'host = "mail.example"',
        'sender = "laporan@example.org"',
        'user = "laporan"',
        'password_file = "keys/mail.password"',
        'ca_file = "keys/mail-ca.pem"',
        'email = "siaga@example.org"',
        'at_least = "warning"',
        'language = "id"',
        'name = "firebase"',
        'url = "https://…"',
        'secret_file = "keys/firebase.secret"',
        'url = "https://witness.example"',
        'vkey = "witness.example/w1+…"',
        'origin = "log.example/pemilu-2029"',
        'vkey = "log.example/pemilu-2029+…"',
    ):
        assert example in uncommented
        uncommented = uncommented.replace(example, "")
    loud = parse_settings(uncommented, "f")
    quiet = parse_settings(text, "f")
    assert loud == quiet
    tables = (
        quiet.listen,
        quiet.sync,
        quiet.limits,
        quiet.publish,
        quiet.photos,
        quiet.mail,
    )
    for kind in (Settings, *map(type, tables)):
        for name in kind.__struct_fields__:
            assert re.search(rf"(?m)^(# )?\[{{0,2}}{name}\b", text), name


def keys_of(kind, prefix=""):
    for field in msgspec.structs.fields(kind):
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            yield from keys_of(field.type, f"{prefix}{field.encode_name}.")
        else:
            is_empty = field.default_factory in {dict, list}
            yield f"{prefix}{field.encode_name}", () if is_empty else field.default


def documented(title):
    section = DOCS.read_text(encoding="utf-8").partition(f"## {title}\n")[2]
    rows = re.findall(
        r"(?m)^\| `([a-z0-9_.]+)` \|.*\| ([^|]*) \|$", section.split("\n## ")[0]
    )
    return dict(rows)


def test_every_key_is_documented_with_its_default():
    table = documented("federation.toml")
    keys = dict(keys_of(Settings))
    assert set(table) == set(keys)
    for key, default in keys.items():
        if default is msgspec.NODEFAULT:
            assert table[key] == "needed", key
        else:
            none = {None: "none", "": "empty", (): "none"}
            told = str(default).lower() if isinstance(default, bool) else default
            shown = none.get(default, f"`{told}`")
            assert table[key] == shown, key


def test_folders_are_found_from_the_home(tmp_path):
    text = HOSTILE["BASE"] + 'data_folder = "d"\nkeys_folder = "/etc/keys"\n'
    assert Home.of(tmp_path, parse_settings(text, "f")).guard == tmp_path / "guard"
    text += 'guard_folder = "/mnt/guard"\n'
    home = Home.of(tmp_path, parse_settings(text, "f"))
    assert home.data == tmp_path / "d"
    assert home.lock == tmp_path / "d" / "lock"
    assert home.guard == Path("/mnt/guard")
    assert home.role_key("node") == Path("/etc/keys/node.pem")
    assert home.log_key("a.example/e-1/2").name == "log.e-1.2.pem"
    assert len(home.chain("a.example/e-1").name) == 64 + len(".chain")
    assert home.originals is None
    text += '[photos]\noriginals = "/mnt/photos"\n'
    home = Home.of(tmp_path, parse_settings(text, "f"))
    assert home.originals == Path("/mnt/photos")
    assert home.originals in home.private


@pytest.mark.parametrize("given", ["proxy.lan", "127.0.0.1/99", "10.0.0.1/8"])
def test_a_proxy_that_is_no_address_is_named(given):
    text = HOSTILE["BASE"] + f'[listen]\ntrusted_proxies = ["::1", "{given}"]\n'
    with pytest.raises(ConfigError, match="trusted_proxies") as caught:
        parse_settings(text, "f")
    assert given in str(caught.value)


@pytest.mark.parametrize(
    "lines",
    [
        'data_folder = "keys"\n',
        'keys_folder = "x/../data/"\n',
        'data_folder = "all"\nguard_folder = "./all"\n',
    ],
)
def test_one_folder_for_two_of_database_keys_and_guard_is_refused(lines):
    with pytest.raises(ConfigError, match="the same folder as"):
        parse_settings(HOSTILE["BASE"] + lines, "federation.toml")


def test_a_folder_under_its_older_name_is_where_is_published():
    old = HOSTILE["BASE"] + '[static]\nfolder = "/srv/data"\ninterval_s = 60\n'
    new = HOSTILE["BASE"] + '[publish]\nto = "/srv/data"\ninterval_s = 60\n'
    assert parse_settings(old, "f") == parse_settings(new, "f")
    for lines, said in {
        '[static]\nfolder = "x"\n[publish]\nto = "y"\n': "older name",
        "[static]\ninterval_s = 0\n": "static.interval_s",
        '[static]\nto = "x"\n': "static",
    }.items():
        with pytest.raises(ConfigError, match=said):
            parse_settings(HOSTILE["BASE"] + lines, "f")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('[publish]\nto = "gs://b/site"\n', "s3://bucket/below"),
        ('[publish]\nto = "s3://me:secret@b/site"\n', "no name, password or query"),
        ('[publish]\nto = "s3://b"\n[backup]\nto = "s3://b/node"\n', "backup.to"),
        ('[publish]\nto = "s3://b/x/"\n[photos]\nstore = "s3://b/x"\n', "photos.store"),
        (
            '[publish]\nto = "s3://b/x/y"\n[photos]\nstore = "s3://b/x"\n',
            "photos.store",
        ),
    ],
)
def test_a_bucket_that_is_none_for_a_site_is_refused(lines, said):
    with pytest.raises(ConfigError, match=said) as caught:
        parse_settings(HOSTILE["BASE"] + lines, "f")
    assert "publish.to" in str(caught.value)


def test_a_site_beside_photographs_in_one_bucket_is_well():
    lines = '[publish]\nto = "s3://b/x"\n[photos]\nstore = "s3://b/xy"\n'
    assert parse_settings(HOSTILE["BASE"] + lines, "f").publish.to == "s3://b/x"
