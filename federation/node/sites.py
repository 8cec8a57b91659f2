"""A site: where it is written, by the address that names it, and what is in it.

Rule: a bucket holds more than a folder, which people copy from one place to another:
what tells of the map, an object for each kelurahan, and pages where the node has a
public address that their other links lead to.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from federation.blobs.blobs import is_remote
from federation.config.home import Home
from federation.config.peers import load_peers
from federation.config.settings import Settings, check_public
from federation.flows.partners import read_partners
from federation.flows.publish.folder import StaticSite
from federation.flows.publish.items import Item
from federation.flows.publish.mapfiles import MapFiles
from federation.flows.publish.outputfolder import OutputFolder
from federation.flows.publish.place import SitePlace
from federation.records.profile import Profile
from federation.store.view import View
from federation.web.publishedpages import PublishedPages
from federation.web.staticcounts import StaticCounts


def open_place(
    address: str | Path, folder: Path, home: Home, settings: Settings
) -> SitePlace:
    """The place at an address; nothing is made or asked yet.

    Args:
        address: `s3://bucket/below`, or a folder.
        folder: Where an address that is a relative path begins.
        home: Of the node.
        settings: Its own, which may name a file of who asks an object store.

    Raises:
        ConfigError: that file, or the address, cannot be used, or something that is not
            for all lies there.
        OSError: the address is none.
    """
    if not is_remote(str(address)):
        return OutputFolder(folder / address)
    # The library is loaded where something goes to a bucket.
    from federation.blobs.bucket import check_address  # noqa: PLC0415
    from federation.flows.backup.access import read_store_access  # noqa: PLC0415
    from federation.flows.publish.outputbucket import OutputBucket  # noqa: PLC0415

    check_address(str(address))
    # Of an address that was typed nobody has looked yet.
    check_public(str(address), settings, str(address), "")
    file = settings.publish.store_access
    given = {} if file is None else read_store_access(home.folder / file)
    return OutputBucket(str(address), given)


def make_site(
    place: SitePlace,
    home: Home,
    settings: Settings,
    profiles: Mapping[str, Profile],
    clock: Callable[[], float],
) -> StaticSite:
    """What is written to a place.

    Args:
        place: Where.
        home: Of the node.
        settings: Its own.
        profiles: By election.
        clock: Unix seconds.
    """
    counts = StaticCounts(settings, clock)
    if isinstance(place, OutputFolder):
        return StaticSite(place, counts)

    def names(view: View) -> Mapping[str, str]:
        peers = {peer.org: peer for peer in load_peers(home.peers)}
        return read_partners(view, peers, settings, {}).names

    has_pages = settings.listen.public_url is not None
    pages = PublishedPages(settings, profiles, names, clock) if has_pages else None

    def beside(view: View, elections: Sequence[str]) -> list[Item]:
        return counts(view, elections) + (pages.files() if pages else [])

    return StaticSite(place, beside, MapFiles(settings.org, profiles, pages))
