"""What the handlers of the web share, of a node that does nothing by itself."""

from obstore.store import MemoryStore

from federation.blobs.objects import ObjectBlobs
from federation.config.settings import Settings
from federation.store.db import Database
from federation.web.context import WebContext
from tests import sample_map as sample


def settings_of(**given) -> Settings:
    """The settings of the sample's first organisation, but for these."""
    usual = {"org": sample.ANA, "name": "Ana", "contact": "data@ana.example"}
    return Settings(**usual | {"elections": [sample.ELECTION]} | given)


def context_of(db: Database | None, settings: Settings, **given) -> WebContext:
    """Over this database; nobody is at the desk, and the clock stands."""
    usual = {
        "blobs": ObjectBlobs("memory://", MemoryStore()),
        "profiles": {},
        "desk": None,
        "about": lambda: b"",
        "control_token": "",
        "clock": lambda: 0,
        "new_secret": lambda: "0" * 64,
    }
    return WebContext(db=db, settings=settings, **usual | given)
