"""A node's web with somebody who has a link, and a browser before it."""

import pytest

from federation.web import access
from tests.browsing import Browser
from tests.peoplenode import PeopleNode


@pytest.fixture
def node(sample_db):
    found = PeopleNode(sample_db)
    found.add()
    return found


@pytest.fixture
async def url(node):
    async with node.serving() as served:
        yield served


@pytest.fixture
async def browser(url):
    async with Browser(url) as opened:
        yield opened


@pytest.fixture
def asks_as(monkeypatch):
    """From now on whoever asks is taken for this caller."""

    def become(caller):
        monkeypatch.setattr(access, "public_caller", lambda _: caller)

    return become
