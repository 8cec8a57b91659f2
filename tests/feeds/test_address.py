"""Which addresses a peer may have."""

import socket

import pytest

from federation.feeds.address import is_public, socket_maker


@pytest.mark.parametrize(
    "host", ["8.8.8.8", "103.21.244.1", "2001:4860:4860::8888", "2606:4700::1111"]
)
def test_an_address_of_the_internet_is_public(host):
    assert is_public(host)


@pytest.mark.parametrize(
    "host",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "fc00::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "localhost",
        "",
        "1",
        "0x7f.1",
    ],
)
def test_any_other_address_is_not(host):
    assert not is_public(host)


def test_a_private_address_gets_no_socket():
    info = (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 80))
    with pytest.raises(PermissionError):
        socket_maker(allow_private=False)(info)
    with socket_maker(allow_private=True)(info) as made:
        assert made.family == socket.AF_INET
