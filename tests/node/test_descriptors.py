"""Callers get the descriptors that the node does not need for itself."""

import resource

import pytest

from federation.node.descriptors import RESERVE, fit, places


@pytest.mark.parametrize(
    ("wanted", "limit", "found"),
    [
        (512, 1024, 512),
        (512, 512 + RESERVE, 512),
        (512, 511 + RESERVE, 511),
        (512, 256, 128),
        (512, 64, 16),
        (512, 1, 1),
        (512, resource.RLIM_INFINITY, 512),
    ],
)
def test_no_more_callers_than_files_can_be_opened_beside_the_nodes_own(
    wanted, limit, found
):
    assert fit(wanted, limit) == found
    assert found <= max(1, limit) or limit == resource.RLIM_INFINITY


def test_a_limit_that_is_too_small_is_said_with_the_one_that_is_enough(caplog):
    fit(512, 256)
    assert f"{512 + RESERVE} files are enough" in caplog.text


@pytest.mark.parametrize("soft", [64, 1024])
def test_the_limit_is_raised_as_far_as_the_machine_allows(monkeypatch, soft):
    now = [soft, 2048]
    monkeypatch.setattr(resource, "getrlimit", lambda _: tuple(now))

    def set_limit(_, given):
        assert given[1] == now[1]
        now[:] = given

    monkeypatch.setattr(resource, "setrlimit", set_limit)
    assert places(512) == 512
    assert now[0] == max(soft, 512 + RESERVE)
    assert places(5000) == 2048 - RESERVE
    assert now[0] == 2048


def test_a_machine_that_raises_no_limit_lets_fewer_in(monkeypatch):
    def refuse(*_):
        raise ValueError("current limit exceeds maximum limit")

    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, resource.RLIM_INFINITY))
    monkeypatch.setattr(resource, "setrlimit", refuse)
    assert places(512) == fit(512, 256)
