"""federation.toml: what this node is called and how it behaves.

Rule: meaning, unit and default of each key stand in `docs/reference/configuration.md`
(a test holds them together) and as comments in the file that `federation init` writes.
An empty table or a missing one means the defaults.

    org = "jagapemilu.example"
    name = "Jaga Pemilu"
    contact = "data@jagapemilu.example"
    elections = ["pemilu-2024"]
    [listen]
    port = 8470
"""

from datetime import datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from federation.config.document import convert, parse_document, read_file
from federation.config.folders import check_folders
from federation.config.member import (
    Filled,
    MemberElection,
    MemberEmail,
    MemberOrg,
    MemberSuccessor,
    OneLine,
    Seconds,
    Url,
)
from federation.config.recipients import AlarmSettings, Recipient, check_recipient
from federation.config.webhooks import Webhook, check_webhooks
from federation.config.witness import WitnessSettings, check_witness
from federation.errors import ConfigError, RecordError
from federation.records.canonical import check_text
from federation.records.keystatement import INCIDENTS, format_origin, parse_origin
from federation.text import Sentence

_FIRST_YEAR: Final = 2000
_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class Listen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the node answers."""

    host: Filled = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535)] = 8470
    public_url: Url | None = None
    hosts: tuple[Filled, ...] = ()
    trusted_proxies: tuple[Filled, ...] = ()
    forwarded: Literal["x-forwarded-for", "forwarded"] = "x-forwarded-for"
    show_partners: bool = False


class SyncSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """When the node asks its partners, and for how long."""

    interval_s: Seconds = 60
    jitter: Annotated[float, Meta(ge=0, le=1)] = 0.1
    deadline_s: Seconds = 120
    heartbeat_s: Seconds = 300
    reconcile_wait_s: Annotated[int, Meta(ge=0, le=86_400)] = 30


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one caller may take of this node."""

    max_body_bytes: Annotated[int, Meta(ge=65_536, le=1 << 30)] = 8 << 20
    max_connections: Annotated[int, Meta(ge=1, le=65_536)] = 512


class DiskSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """What is kept free on the disk of the data."""

    reserve_mb: Annotated[int, Meta(ge=0, le=65_536)] = 8


class PublishSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """Where everything public is also written as plain files: a folder or a bucket."""

    to: Filled | None = None
    interval_s: Seconds = 300
    store_access: Filled | None = None


class _Static(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How `[publish]` was written when there were folders only."""

    folder: Filled | None = None
    interval_s: Seconds = 300


#: With the zone, "+07:00": of a time without one nobody knows which it is.
PublicFrom = Annotated[datetime, Meta(tz=True)]
RetentionDays = Annotated[int, Meta(ge=1, le=36_500)]


class PhotoSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """What becomes of photographs of the forms."""

    originals: Filled | None = None
    store: Filled | None = None
    uploads: Url | None = None
    public: bool = False
    retention_days: dict[MemberElection, RetentionDays] | None = None
    max_mb: Annotated[int, Meta(ge=0, le=1 << 40)] = 16_384
    own_max_mb: Annotated[int, Meta(ge=1, le=1 << 40)] | None = None
    own_max_photos: Annotated[int, Meta(ge=1, le=1 << 40)] | None = None


class AnnexSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """What becomes of what is personal of reports."""

    days: Annotated[int, Meta(ge=1, le=3_650)] = 180


class MailSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """The server that takes our e-mail to agencies."""

    host: Filled | None = None
    sender: MemberEmail | None = None
    port: Annotated[int, Meta(ge=1, le=65_535)] = 587
    security: Literal["starttls", "tls", "plain"] = "starttls"
    user: Filled | None = None
    password_file: Filled | None = None
    ca_file: Filled | None = None


class ReferSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """How reports go to agencies."""

    hold_s: Annotated[int, Meta(ge=0, le=86_400)] = 60
    expires_h: Annotated[int, Meta(ge=1, le=720)] = 48
    prepared_h: Annotated[int, Meta(ge=1, le=720)] = 24


class LogSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """What the node says of itself, on standard error."""

    format: Literal["text", "json"] = "text"


class Open311Settings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """What becomes of reports that other systems hand in, and of how many."""

    redact: bool = False
    per_hour: Annotated[int, Meta(ge=1, le=1_000_000)] = 3_600


class BackupSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """Where backups are made by the clock, how often, and how many stay."""

    to: Filled | None = None
    every_h: Annotated[int, Meta(ge=1, le=8_760)] = 24
    keep: Annotated[int, Meta(ge=1, le=1_000)] = 7
    with_annex: bool = False
    with_originals: bool = False
    store_access: Filled | None = None


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """federation.toml."""

    org: MemberOrg
    name: Filled
    contact: Filled
    elections: list[MemberElection]
    incidents: tuple[MemberElection, ...] = ()
    public_from: dict[MemberElection, PublicFrom] = {}
    successors: tuple[MemberSuccessor, ...] = ()
    licence: Filled = "CC-BY-4.0"
    attribution: OneLine = ""
    data_folder: Filled = "data"
    database: Filled | None = None
    keys_folder: Filled = "keys"
    guard_folder: Filled = "guard"
    guard: Filled | None = None
    guard_access: Filled | None = None
    listen: Listen = Listen()
    sync: SyncSettings = SyncSettings()
    limits: Limits = Limits()
    disk: DiskSettings = DiskSettings()
    publish: PublishSettings = PublishSettings()
    photos: PhotoSettings = PhotoSettings()
    annex: AnnexSettings = AnnexSettings()
    refer: ReferSettings = ReferSettings()
    mail: MailSettings = MailSettings()
    log: LogSettings = LogSettings()
    alarms: AlarmSettings = AlarmSettings()
    open311: Open311Settings = Open311Settings()
    backup: BackupSettings = BackupSettings()
    webhooks: tuple[Webhook, ...] = ()
    witness: WitnessSettings = WitnessSettings()

    def origin_of(self, election: str) -> str:
        """The name of our log of results of an election, ours or not yet."""
        moment = self.public_from.get(election)
        public_from = 0 if moment is None else int(moment.timestamp())
        return self._newest(format_origin(self.org, election, public_from=public_from))

    def incidents_origin_of(self, election: str) -> str:
        """The name of our log of the reports of an election, ours or not yet."""
        return self._newest(format_origin(self.org, election, INCIDENTS))

    @property
    def origins(self) -> tuple[str, ...]:
        """The names of our own logs: of results, then of reports for partners."""
        return (
            *map(self.origin_of, self.elections),
            *map(self.incidents_origin_of, self.incidents),
        )

    def _newest(self, first: str) -> str:
        """The last of those that continue a log; itself where none does."""
        later = [
            f"{self.org}/{name}"
            for name in self.successors
            if f"{self.org}/{name}".rpartition("/")[0] == first
        ]
        return max(later, key=lambda one: parse_origin(one).generation, default=first)


def load_settings(path: Path, coming: str = "") -> Settings:
    """The settings in a file; `coming` as in `parse_settings`.

    Raises:
        ConfigError: unreadable, not TOML, an unknown key, a wrong type or value.
    """
    return parse_settings(read_file(path), str(path), coming)


def parse_settings(text: str, where: str, coming: str = "") -> Settings:
    """The settings in a text.

    Args:
        text: TOML.
        where: Names it in errors.
        coming: An election that is about to be added: that `public_from` names it, and
            others that come after it, is no slip of the pen.

    Raises:
        ConfigError: not TOML, an unknown key, a wrong type or value.
    """
    table = parse_document(text, where)
    _check_recipients(table, where)
    check_webhooks(table, where)
    check_witness(table, table.get("org"), where)
    _check_moments(table, where)
    take_old_name(table, where)
    settings = convert(table, Settings, where)
    if len(set(settings.elections)) != len(settings.elections):
        raise ConfigError(where, "elections", Sentence("machine.election-twice"))
    check_folders(
        where,
        data_folder=settings.data_folder,
        keys_folder=settings.keys_folder,
        guard_folder=settings.guard_folder,
    )
    _check_guard(settings, where)
    _check_incidents(settings, where)
    if coming not in settings.public_from:
        _check_public_from(settings, where)
    for proxy in settings.listen.trusted_proxies:
        try:
            ip_network(proxy)
        except ValueError:
            why = Sentence("machine.no-proxy-address", given=repr(proxy))
            raise ConfigError(where, "listen.trusted_proxies", why) from None
    check_database(settings.database, where)
    _check_photos(settings, where)
    _check_mail(settings, where)
    _check_bucket(settings.backup.to, where, "backup.to")
    _check_publish(settings, where)
    for key in ("name", "contact", "licence", "attribution"):
        # These are signed in the about document, which refuses hidden characters.
        try:
            check_text(getattr(settings, key), key)
        except RecordError as error:
            raise ConfigError(where, key, error.rule) from error
    return settings


def _check_incidents(settings: Settings, where: str) -> None:
    if len(set(settings.incidents)) != len(settings.incidents):
        raise ConfigError(where, "incidents", Sentence("machine.election-twice"))
    if not set(settings.incidents) <= set(settings.elections):
        ours = ", ".join(settings.elections)
        why = Sentence("machine.election-not-ours", elections=ours)
        raise ConfigError(where, "incidents", why)


def _check_moments(table: dict[str, Any], where: str) -> None:
    """Each as a reader of TOML gives it: of a day alone, of no zone, or a time."""
    moments = table.get("public_from")
    for election, moment in moments.items() if isinstance(moments, dict) else ():
        if not (
            isinstance(moment, datetime)
            and moment.tzinfo is not None
            and moment.year >= _FIRST_YEAR
            and not (moment.second or moment.microsecond)
        ):
            key = f"public_from.{election}"
            raise ConfigError(where, key, Sentence("machine.public-from-minute"))


def _check_public_from(settings: Settings, where: str) -> None:
    for election in settings.public_from:
        key = f"public_from.{election}"
        if election not in settings.elections:
            # A slip of the pen would show results before their time.
            ours = ", ".join(settings.elections)
            told = {"elections": ours, "election": election}
            why = Sentence("machine.public-from-not-ours", **told)
            raise ConfigError(where, key, why)


def _check_photos(settings: Settings, where: str) -> None:
    photos = settings.photos
    _check_address(photos.store, where, "photos.store")
    if photos.uploads is not None and not (photos.store or "").startswith("s3://"):
        why = Sentence("machine.uploads-no-bucket")
        raise ConfigError(where, "photos.uploads", why)
    for election in photos.retention_days or ():
        # The rules of no other are known here: nothing would go, and nobody be told.
        if election not in settings.elections:
            ours = ", ".join(settings.elections)
            why = Sentence("machine.election-not-ours", elections=ours)
            raise ConfigError(where, f"photos.retention_days.{election}", why)


def check_database(address: str | None, where: str) -> None:
    """Refuse what is no address of a PostgreSQL server, or holds a password.

    Raises:
        ConfigError: it is none, or does.
    """
    if address is None:
        return
    if not address.startswith(("postgresql://", "postgres://")):
        raise ConfigError(where, "database", Sentence("machine.database-address"))
    # A password is kept by libpq's own means: this file is shown to whoever helps.
    # One with "/", "?" or "@" in it is no address to libpq; it is seen all the same.
    _, _, rest = address.partition("://")
    before, _, _ = rest.rpartition("@")
    if ":" in before or "password=" in rest.partition("?")[2]:
        raise ConfigError(where, "database", Sentence("machine.database-password"))


def _check_address(address: str | None, where: str, key: str) -> None:
    scheme, is_address, rest = (address or "").partition("://")
    if is_address and not (scheme and {"@", "?"}.isdisjoint(rest)):
        why = Sentence("blobs.address-with-secret")
        raise ConfigError(where, key, why)


def _check_guard(settings: Settings, where: str) -> None:
    """A bucket, by an address that no other thing of ours lies at."""
    address = settings.guard
    if address is None:
        if settings.guard_access is not None:
            why = Sentence("machine.guard-access-alone")
            raise ConfigError(where, "guard_access", why)
        return
    if not address.startswith("s3://"):
        raise ConfigError(where, "guard", Sentence("machine.guard-no-bucket"))
    _check_address(address, where, "guard")
    others = {"photos.store": settings.photos.store, "backup.to": settings.backup.to}
    for key, other in others.items():
        if other is not None and other.rstrip("/") == address.rstrip("/"):
            why = Sentence("machine.guard-apart", other=key)
            raise ConfigError(where, "guard", why)


def _check_bucket(address: str | None, where: str, key: str) -> None:
    _check_address(address, where, key)
    scheme, is_remote, _ = (address or "").partition("://")
    if is_remote and scheme != "s3":
        raise ConfigError(where, key, Sentence("blobs.only-s3"))


def take_old_name(table: dict[str, Any], where: str) -> None:
    """Read `[static]` as `[publish]`, with errors by the name that was written."""
    if "static" not in table:
        return
    old = convert(table.pop("static"), _Static, where, "static")
    if old.folder is not None and "publish" in table:
        raise ConfigError(where, "static", Sentence("machine.publish-twice"))
    named = {} if old.folder is None else {"to": old.folder}
    table.setdefault("publish", {**named, "interval_s": old.interval_s})


def _check_publish(settings: Settings, where: str) -> None:
    to = settings.publish.to
    _check_bucket(to, where, "publish.to")
    if to is not None:
        check_public(to, settings, where, "publish.to")


def check_public(to: str, settings: Settings, where: str, key: str) -> None:
    """All may read what lies there: nothing that is not for all may lie below it.

    Args:
        to: An address that a site is to be written to.
        settings: They name what is not for all.
        where: What the address came from, as errors name it.
        key: Of the settings, or "".

    Raises:
        ConfigError: a bucket of photographs, backups or the guard is there, above or
            below.
    """
    others = {
        "photos.store": settings.photos.store,
        "backup.to": settings.backup.to,
        "guard": settings.guard,
    }
    for name, other in others.items():
        if other is None or not ("://" in to and "://" in other):
            continue  # folders are looked at where they are (`check_folder`)
        one, two = (f"{address.rstrip('/')}/" for address in (to, other))
        if one.startswith(two) or two.startswith(one):
            why = Sentence("blobs.publish-apart", other=name, address=other)
            raise ConfigError(where, key, why)


def _check_mail(settings: Settings, where: str) -> None:
    mail = settings.mail
    if (mail.host is None) is not (mail.sender is None):
        raise ConfigError(where, "mail.sender", Sentence("outbox.host-sender"))
    if mail.security == "plain" and mail.host not in {*_HERE, None}:
        raise ConfigError(where, "mail.security", Sentence("outbox.plain-far"))
    if (mail.user is None) is not (mail.password_file is None):
        raise ConfigError(where, "mail.user", Sentence("outbox.user-password"))


def _check_recipients(table: dict[str, Any], where: str) -> None:
    """Each by itself, so that an error says which of them it is, counted from 1."""
    alarms = table.get("alarms")
    entries = alarms.get("to", []) if isinstance(alarms, dict) else []
    mail = table.get("mail")
    has_mail = isinstance(mail, dict) and "host" in mail
    names = set()
    for number, entry in enumerate(entries if isinstance(entries, list) else [], 1):
        key = f"alarms.to[{number}]"
        recipient = convert(entry, Recipient, where, key)
        check_recipient(recipient, where, key, has_mail=has_mail)
        if recipient.name in names:
            why = Sentence("machine.listed-twice", org=recipient.name)
            raise ConfigError(where, key, why)
        names.add(recipient.name)
