"""nginx, Caddy, HAProxy and Varnish, with the files of `docs/examples/proxy/`.

A file is run as it stands, but for what an operator changes in it and what only a test
wants: name, port, certificate, the node's port; HTTP/2 is left to the proxies.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "docs/examples/proxy"
NAME = "localhost"
_NGINX = """\
daemon off;
{processes}
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections {connections}; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""
_CADDY = """\
{
	admin off
	auto_https off
	grace_period 1s
}
"""
#: Of each program: its files, one for a name of its own and one below a path.
FILES = {
    "nginx": ("nginx.conf", "nginx-path.conf"),
    "caddy": ("Caddyfile", "Caddyfile-path"),
}
PROGRAMS = tuple(FILES)
LIVE = "/etc/letsencrypt/live/data.example.org"


def replaced(text: str, changes: dict[str, str]) -> str:
    """The text with all of these put otherwise; each of them stands in it."""
    for old, new in changes.items():
        assert old in text, f"the example has no {old!r}"
        text = text.replace(old, new)
    return text


def free_port() -> int:
    """One that nobody listens on just now: a proxy takes none that it chose itself."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def site_file(program, port, node_port, certificate, *, below=False, strips=False):
    """What an operator makes of the example; `strips`: it takes the path away."""
    text = (EXAMPLES / FILES[program][below]).read_text()
    changes = {"127.0.0.1:8470": f"127.0.0.1:{node_port}"}
    if program == "nginx":
        changes |= _of_nginx(port, certificate)
        if strips:
            changes["proxy_pass http://federation;"] = "proxy_pass http://federation/;"
    else:
        tls = f"\n\tbind 127.0.0.1\n\ttls {certificate} {certificate}"
        changes["\ndata.example.org {"] = f"\nhttps://{NAME}:{port} {{{tls}"
        if strips:
            changes["\thandle /federation/*"] = "\thandle_path /federation/*"
    return replaced(text, changes)


def readers_file(program, port, ports, certificate):
    """What an operator makes of the example with readers; `ports`: the node first."""
    there = dict(zip((8470, 8471, 8472), ports, strict=True))
    changes = {f"127.0.0.1:{old}": f"127.0.0.1:{new}" for old, new in there.items()}
    if program == "nginx":
        changes |= _of_nginx(port, certificate)
        name = "nginx-readers.conf"
    else:
        bind = "bind :443 ssl crt /etc/haproxy/data.example.org.pem"
        changes[bind] = f"bind 127.0.0.1:{port} ssl crt {certificate}"
        name = "haproxy-readers.cfg"
    return replaced((EXAMPLES / name).read_text(), changes)


def _of_nginx(port, certificate):
    return {
        "listen 443 ssl http2;": f"listen 127.0.0.1:{port} ssl http2;",
        "    listen [::]:443 ssl http2;\n": "",
        "server_name data.example.org;": f"server_name {NAME};",
        f"{LIVE}/fullchain.pem": str(certificate),
        f"{LIVE}/privkey.pem": str(certificate),
    }


def bucket_file(folder, port, store, path, certificate=None):
    """What an operator makes of the example before a bucket; without one, no TLS.

    `store`: host and port of an object store without TLS; `path`: of what is published.
    """
    changes = {
        "/var/cache/nginx/federation": str(folder / "cache"),
        "127.0.0.1:8479": f"127.0.0.1:{free_port()}",
        "server store.example:443;": f"server {store};",
        "https://federation_bucket/our-data/site/": f"http://federation_bucket/{path}/",
        # No store behind TLS here: what is said of it is read all the same.
        "/etc/ssl/certs/ca-certificates.crt": str(certificate),
    }
    if certificate is not None:
        changes |= _of_nginx(port, certificate)
    else:
        changes["listen 443 ssl http2;"] = f"listen 127.0.0.1:{port};"
        changes["    listen [::]:443 ssl http2;\n"] = ""
        for line in ("fullchain.pem", "privkey.pem"):
            changes[f"{LIVE}/{line};"] = "none;"
        changes |= {
            f"    ssl_certificate{more} none;\n": "" for more in ("    ", "_key")
        }
    return replaced((EXAMPLES / "nginx-bucket.conf").read_text(), changes)


def cdn_file(store, path):
    """What an operator makes of the example of a CDN; arguments: see `bucket_file`."""
    host, port = store.split(":")
    changes = {
        '.host = "store.example";': f'.host = "{host}";',
        '.port = "80";': f'.port = "{port}";',
        "/our-data/site": f"/{path}",
    }
    return replaced((EXAMPLES / "cdn.vcl").read_text(), changes)


def needs(program: str) -> str:
    """Where the program is; a test without it says so, and fails where all must be."""
    # Debian keeps HAProxy and Varnish where only root looks.
    found = shutil.which(program) or shutil.which(f"/usr/sbin/{program}")
    if found is None:
        why = f"no {program}: the example for it was not run"
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)
    return found


@contextmanager
def running(
    program: str,
    folder: Path,
    site: str,
    port: int,
    processes: int = 0,
    *,
    host: str = "127.0.0.1",
    before: Sequence[str] = (),
):
    """The proxy at work with this file, its own files below `folder`; its process.

    `processes`: so many of nginx, for a crowd; 0: one alone, for few. Where something
    stands `before` its command it is on another machine, and nobody waits here until it
    listens.
    """
    path = needs(program)
    folder.mkdir()
    if program == "nginx":
        (folder / "site.conf").write_text(site)
        # Those of one that root starts would be nobody's, and read nothing here.
        many = f"user root; worker_processes {processes};"
        given = {"processes": many if processes else "master_process off;"}
        given["connections"] = 4096 if processes else 256
        (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, **given))
        command = [path, "-p", str(folder), "-c", str(folder / "nginx.conf")]
        command += ["-e", "stderr"]
    elif program == "haproxy":
        (folder / "haproxy.cfg").write_text(site)
        command = [path, "-db", "-f", str(folder / "haproxy.cfg")]
    elif program == "varnishd":
        (folder / "cdn.vcl").write_text(site)
        command = [path, "-F", "-j", "none", "-n", str(folder / "work")]
        command += ["-a", f"127.0.0.1:{port}", "-f", str(folder / "cdn.vcl")]
        command += ["-s", "malloc,64m"]
    else:
        (folder / "Caddyfile").write_text(_CADDY + site)
        command = [path, "run", "--config", str(folder / "Caddyfile")]
        command += ["--adapter", "caddyfile"]
    said = folder / "said"
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "PATH": "/usr/bin:/bin"}
    with said.open("wb") as out:
        process = subprocess.Popen(
            [*before, *command], stdout=out, stderr=out, env=home
        )
    try:
        if not before:
            _until_listening(process, (host, port), said)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)


def _until_listening(
    process: subprocess.Popen, there: tuple[str, int], said: Path
) -> None:
    end = time.monotonic() + 60
    while True:
        assert process.poll() is None, said.read_text()
        with socket.socket() as tried:
            if tried.connect_ex(there) == 0:
                return
        assert time.monotonic() < end, said.read_text()
        time.sleep(0.02)
