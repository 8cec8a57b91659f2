"""Settings and partner files that are refused, each with the exact reason.

A table that the documentation prints too: (what is wrong, text, error after the path).
"""

BASE = 'org = "a.example"\nname = "A"\ncontact = "c"\nelections = ["pemilu-2024"]\n'
KEY = "b.example/identity+9a6b3c63+AQK8zPSK4S8fZD4Ux0n5N2nY"

NEEDED = ("org", "name", "contact", "elections")


def _without(name: str) -> str:
    return "".join(f"{line}\n" for line in BASE.splitlines() if name not in line[:9])


SETTINGS = [
    ("not TOML", "org", "is not TOML: at the end of the file: after a"),
    (
        "a key twice",
        BASE + 'org = "b.example"\n',
        "is not TOML: line 5, column 18: this name, or this heading, stands here for",
    ),
    *(
        (
            f"results from {moment} on",
            f"{BASE}public_from = {{ pemilu-2024 = {moment} }}\n",
            "public_from.pemilu-2024: a full minute of this century is needed",
        )
        for moment in (
            "2029-02-14T18:00:00",
            "2029-02-14T18:00:01+07:00",
            "1029-02-14T18:00:00Z",
            "2029-02-14",
            '"2029-02-14T18:00:00Z"',
            "5",
        )
    ),
    (
        "results from a time on, of an election with a slip",
        BASE + "public_from = { pemilu-2042 = 2029-02-14T18:00:00Z }\n",
        "public_from.pemilu-2042: is none of the elections of this node (pemilu-2024)",
    ),
    (
        "a control character",
        BASE + "licence = '\x01'\n",
        "is not TOML: line 5, column 12: this character is not allowed here",
    ),
    *((f"no {name}", _without(name), f"{name}: is missing") for name in NEEDED),
    (
        "a database of another kind",
        BASE + 'database = "mysql://db.example/federation"\n',
        "database: is no address of a PostgreSQL server (postgresql://",
    ),
    *(
        (
            f"{address}, with its password",
            f'{BASE}database = "postgresql://{address}"\n',
            "database: holds a password",
        )
        for address in ("node:secret@db/node", "node@db/node?password=secret")
    ),
    (
        "a misspelt key",
        BASE + "licens = 'x'\n",
        "licens: there is no such key; did you mean 'licence'?",
    ),
    (
        "a misspelt key in a table",
        BASE + "[sync]\nintervall_s = 5\n",
        "sync.intervall_s: there is no such key; did you mean 'interval_s'?",
    ),
    (
        "a key that resembles none",
        BASE + "zzz = 1\n",
        "zzz: there is no such key (known:",
    ),
    ("an unknown table", BASE + "[blobs]\n", "blobs: there is no such key"),
    (
        "text for a number",
        BASE + '[listen]\nport = "1"\n',
        "listen.port: should be a whole number without quotes, and is text",
    ),
    (
        "a number for text",
        BASE + "licence = 5\n",
        'licence: should be text in "quotes", and is a whole number',
    ),
    (
        "a fraction of a second",
        BASE + "[sync]\ninterval_s = 1.5\n",
        "sync.interval_s: should be a whole number without quotes, and is a",
    ),
    (
        "yes for a number",
        BASE + "[listen]\nport = true\n",
        "listen.port: should be a whole number without quotes, and is true or false",
    ),
    ("a value for a table", BASE + "listen = 5\n", "listen: should be a table, and"),
    (
        "a port that is none",
        BASE + "[listen]\nport = 65536\n",
        "listen.port: should be at most 65535",
    ),
    (
        "no interval",
        BASE + "[sync]\ninterval_s = 0\n",
        "sync.interval_s: should be at least 1",
    ),
    (
        "a jitter of two",
        BASE + "[sync]\njitter = 2.0\n",
        "sync.jitter: should be at most 1",
    ),
    ("no jitter that is a number", BASE + "[sync]\njitter = nan\n", "sync.jitter: "),
    (
        "an organisation in capitals",
        BASE.replace("a.example", "A.example"),
        'org: should be a domain name in small letters, like "jagapemilu.example"',
    ),
    (
        "an organisation with a path",
        BASE.replace("a.example", "../a.b"),
        "org: should be",
    ),
    ("an organisation without a dot", BASE.replace("a.example", "a"), "org: should be"),
    (
        "full-width letters",
        BASE.replace("a.example", "\uff41.example"),
        "org: should be",
    ),
    (
        "an organisation with a line feed",
        BASE.replace("a.example", "a.example\\n"),
        "org: should be a domain name",
    ),
    (
        "an election with a slash",
        BASE.replace("pemilu-2024", "pemilu/2024"),
        'elections[0]: should be small letters, digits and "-", like "pemilu-2024"',
    ),
    (
        "an election twice",
        BASE.replace('"pemilu-2024"', '"e", "e"'),
        "elections: names an election twice",
    ),
    (
        "an empty name",
        BASE.replace('"A"', '""'),
        "name: should be one line of text, not",
    ),
    ("two lines", BASE.replace('"A"', '"A\\nB"'), "name: should be one line of text"),
    (
        "a text that reads backwards",
        BASE.replace('"A"', '"A\u202eB"'),
        "name: code point U+202E is not allowed",
    ),
    (
        "an address with a slash behind",
        BASE + '[listen]\npublic_url = "https://a.example/"\n',
        'listen.public_url: should be an address like "https://data.example.org"',
    ),
    (
        "an address of a file",
        BASE + '[listen]\npublic_url = "file:///etc/passwd"\n',
        "listen.public_url: should be an address",
    ),
    (
        "an address with a password",
        BASE + '[listen]\npublic_url = "https://u:p@a.example"\n',
        "listen.public_url: should be an address",
    ),
]

GOOD = '[[peer]]\norg = "b.example"\nidentity = "{key}"\n'

# {key} stands for a good key of b.example, {other} for one of c.example, {role} for a
# key of b.example with another role.
PEERS = [
    ("one bracket too few", '[peer]\norg = "b.example"\n', "peer: is one table; write"),
    (
        "another table",
        '[[peers]]\norg = "b.example"\n',
        "peers: there is no such key; partners are [[peer]] tables",
    ),
    (
        "a number for a table",
        "peer = [1]\n",
        "peer[1]: should be a table, and is a whole number",
    ),
    (
        "a policy that nobody knows",
        '[[peer]]\norg = "b.example"\nidentity = "{key}"\nphotos = "some"\n',
        "peer[1].photos: ",
    ),
    ("no key", '[[peer]]\norg = "b.example"\n', "peer[1].identity: is missing"),
    ("no organisation", '[[peer]]\nidentity = "{key}"\n', "peer[1].org: is missing"),
    (
        "a misspelt key in the second entry",
        GOOD + '[[peer]]\norg = "c.example"\nidentity = "{other}"\nrelays = true\n',
        "peer[2].relays: there is no such key; did you mean 'relay'?",
    ),
    ("an organisation twice", GOOD + GOOD, "peer[2].org: b.example is listed twice"),
    (
        "the key of somebody else",
        GOOD.replace("{key}", "{other}"),
        "peer[1].identity: is the key 'c.example/identity', but this entry needs",
    ),
    (
        "a key of another role",
        GOOD.replace("{key}", "{role}"),
        "peer[1].identity: is the key 'b.example/records', but this entry needs",
    ),
    ("a damaged key", GOOD.replace("{key}", KEY), "peer[1].identity: "),
    (
        "a key file that is missing",
        GOOD.replace("{key}", "keys/b.example.vkey"),
        "peer[1].identity: ",
    ),
    (
        "text for yes",
        GOOD + 'paused = "yes"\n',
        "peer[1].paused: should be true or false, without quotes, and is text",
    ),
    (
        "no kilobits at all",
        GOOD + "max_kbit_s = 0\n",
        "peer[1].max_kbit_s: should be at least 1",
    ),
    (
        "an address without scheme",
        GOOD + 'url = "b.example"\n',
        "peer[1].url: should be",
    ),
    (
        "an address with a question",
        GOOD + 'url = "https://b.example/?a=1"\n',
        "peer[1].url: should be an address",
    ),
]
