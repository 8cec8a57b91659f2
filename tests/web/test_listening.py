"""The sockets on which a node listens."""

import errno
import socket

import pytest

from federation.text.cause import cause_of, place_of
from federation.web.listening import MOST_UNSENT_BYTES, listen, name_address


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EADDRINUSE, "x"), "already answers on this port"),
        (OSError(errno.EACCES, "x"), "choose a number from 1024 on"),
        (OSError(errno.EADDRNOTAVAIL, "x"), "no network interface"),
        (socket.gaierror(socket.EAI_NONAME, "x"), "leads to no address"),
        (OSError(errno.EMFILE, "x"), "too many files"),
        (OSError("could not bind on any address"), "no network interface"),
    ],
)
def test_an_address_is_named_with_what_to_change(error, words):
    named = name_address(error, "10.0.0.1:80")
    assert place_of(named) == "10.0.0.1:80"
    assert words in cause_of(named)


async def test_one_port_for_all_addresses_of_a_name():
    listeners = await listen("localhost", 0)
    assert len({one.getsockname()[1] for one in listeners}) == 1
    for one in listeners:
        one.close()


async def test_a_port_that_is_taken_leaves_nothing_open():
    [first] = await listen("127.0.0.1", 0)
    with first, pytest.raises(OSError, match="already answers") as caught:
        await listen("127.0.0.1", first.getsockname()[1])
    assert caught.value.filename == f"127.0.0.1:{caught.value.filename.split(':')[1]}"


@pytest.mark.skipif(not hasattr(socket, "TCP_NOTSENT_LOWAT"), reason="not here")
async def test_the_kernel_keeps_little_for_those_who_do_not_read():
    [listener] = await listen("127.0.0.1", 0)
    with listener, socket.create_connection(listener.getsockname()):
        listener.settimeout(5)
        accepted, _ = listener.accept()
        with accepted:
            kept = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT)
            assert kept == MOST_UNSENT_BYTES
