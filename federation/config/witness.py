"""Who confirms what we sign, and whom we are a witness for: `[witness]`.

    [witness]
    quorum = 2
    [[witness.outside]]
    url = "https://witness.example"
    vkey = "witness.example/w1+…"
    [[witness.for]]
    origin = "log.example/pemilu-2029"
    vkey = "log.example/pemilu-2029+…"

Rule: a quorum names how many, never whom. Which organisations count is a matter of
peers.toml, where each was compared by telephone. A witness from outside holds nothing:
it says that it has seen no other history, and counts for no quorum.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from federation.config.document import convert
from federation.config.member import Filled, Url
from federation.errors import ConfigError, FormatError
from federation.text import Sentence
from federation.tlog.keys import ALG_COSIGNATURE, ALG_ED25519, VerifierKey, parse_vkey

#: With three organisations: both others. Below two, nothing is held by several.
DEFAULT_QUORUM: Final = 2


class OutsideWitness(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """One `[[witness.outside]]` table: where it is asked, and by which key it signs."""

    url: Url
    vkey: Filled
    allow_private: bool = False

    @property
    def key(self) -> VerifierKey:
        """Its key, once `check_witness` has looked at it."""
        return parse_vkey(self.vkey)


class WitnessedLog(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """One `[[witness.for]]` table: a log that we are a witness for, and its key."""

    origin: Filled
    vkey: Filled

    @property
    def key(self) -> VerifierKey:
        """Its key, once `check_witness` has looked at it."""
        return parse_vkey(self.vkey)


class WitnessSettings(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"witnessed": "for"},
):
    """How many others must hold a record before we call it held by others.

    `stale_h`: after so many hours without a confirmation somebody is told. `outside`:
    witnesses that our totals are brought to. `witnessed`: logs that we witness.
    """

    quorum: Annotated[int, Meta(ge=1, le=256)] = DEFAULT_QUORUM
    stale_h: Annotated[int, Meta(ge=1, le=720)] = 6
    outside: tuple[OutsideWitness, ...] = ()
    witnessed: tuple[WitnessedLog, ...] = ()

    @property
    def witnessed_keys(self) -> Mapping[str, VerifierKey]:
        """The key of each log that we witness, by origin."""
        return {log.origin: log.key for log in self.witnessed}


def check_witness(table: Mapping[str, Any], org: object, where: str) -> None:
    """Refuse what could not be a witness, or a log to be witnessed.

    Args:
        table: The settings, as they were read.
        org: Our own organisation, as it stands there.
        where: The file, for errors.

    Raises:
        ConfigError: what is wrong; tables are counted from 1.
    """
    given = table.get("witness")
    if not isinstance(given, dict):
        return
    names = set[str]()
    for key, entry in _tables(given, "outside"):
        outside = convert(entry, OutsideWitness, where, key)
        if outside.url.startswith("http://") and not outside.allow_private:
            raise ConfigError(where, f"{key}.url", Sentence("refer.not-https"))
        name = _check_key(outside.vkey, ALG_COSIGNATURE, where, key).name
        if name.endswith("/mirror"):
            # A cosignature by such a key says that its organisation holds the log.
            raise ConfigError(where, f"{key}.vkey", Sentence("witness.of-a-mirror"))
        _check_once(name, names, where, f"{key}.vkey")
    origins = set[str]()
    for key, entry in _tables(given, "for"):
        log = convert(entry, WitnessedLog, where, key)
        vkey = _check_key(log.vkey, ALG_ED25519, where, key)
        if vkey.name != log.origin:
            why = Sentence("witness.other-name", name=vkey.name)
            raise ConfigError(where, f"{key}.vkey", why)
        if log.origin.partition("/")[0] == org:
            raise ConfigError(where, f"{key}.origin", Sentence("witness.own"))
        _check_once(log.origin, origins, where, f"{key}.origin")


def _tables(given: Mapping[str, Any], name: str) -> list[tuple[str, object]]:
    entries = given.get(name)
    found = entries if isinstance(entries, list) else []
    return [(f"witness.{name}[{n}]", entry) for n, entry in enumerate(found, 1)]


def _check_key(vkey: str, alg: int, where: str, key: str) -> VerifierKey:
    try:
        parsed = parse_vkey(vkey)
    except FormatError as error:
        raise ConfigError(where, f"{key}.vkey", error.told) from error
    if parsed.alg != alg:
        name = "witness-key" if alg == ALG_COSIGNATURE else "log-key"
        raise ConfigError(where, f"{key}.vkey", Sentence(f"witness.no-{name}"))
    return parsed


def _check_once(name: str, names: set[str], where: str, key: str) -> None:
    if name in names:
        raise ConfigError(where, key, Sentence("machine.listed-twice", org=name))
    names.add(name)
