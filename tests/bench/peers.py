"""cgit, gitweb and klaus over one repository, for tests/bench/pages.py: Debian's cgit, gitweb, fcgiwrap, nginx-light, highlight; klaus in a venv.

What is not installed is left out of the table, and said so.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CGIT, GITWEB = "/usr/lib/cgit/cgit.cgi", "/usr/share/gitweb/gitweb.cgi"
NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.err; user root;
events {{ }}
http {{
  access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  gzip on; gzip_types text/html; gzip_comp_level 1;
  {servers}
}}
"""
SERVER = """
  server {{ listen 127.0.0.1:{port}; location / {{
    fastcgi_pass unix:{folder}/fcgi.sock; fastcgi_param SCRIPT_FILENAME {script}; fastcgi_param PATH_INFO $uri; fastcgi_param QUERY_STRING $args;
    fastcgi_param REQUEST_METHOD GET; fastcgi_param SERVER_NAME localhost; fastcgi_param HTTP_HOST localhost; {more} }} }}
"""
CGITRC = (
    "cache-size={cache}\ncache-root={folder}/cache\nenable-http-clone=0\n{more}\nrepo.url=s\nrepo.path={repository}\n"
)


@dataclass(frozen=True)
class Peer:
    """Where a peer answers: the address of a file (with `{path}`) and of the root folder. `pids`: the processes that do it,
    none where fcgiwrap starts one for each request and nobody counts what it used."""

    name: str
    port: int
    file: str
    folder: str
    pids: tuple[int, ...] = ()


@contextmanager
def peers(repository: Path, folder: Path) -> Iterator[list[Peer]]:
    found: list[Peer] = []
    with _children() as children:
        if all(map(shutil.which, ("nginx", "fcgiwrap"))):
            found += _behind_nginx(repository, folder, children)
        if klaus := os.environ.get("KLAUS_PYTHON"):
            port = free_port()
            command = [klaus, "-m", "gunicorn", "-w", "2", "-b", f"127.0.0.1:{port}", "klaus.contrib.wsgi"]
            environment = {**os.environ, "KLAUS_REPOS": str(repository), "KLAUS_SITE_NAME": "bench"}
            children.append(subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL))
            name = repository.name.removesuffix(".git")
            found.append(Peer("klaus", port, f"/{name}/blob/main/{{path}}", f"/{name}/tree/main/", (children[-1].pid,)))
        for peer in found:
            wait_for(peer.port)
        yield found


def _behind_nginx(repository: Path, folder: Path, children: list[subprocess.Popen[bytes]]) -> list[Peer]:
    found, servers = [], []
    kinds = (("cgit", 0, ""), ("cgit, its own cache", 10_000, ""), ("cgit, highlight filter", 0, _filter(folder)))
    for number, (name, cache, more) in enumerate(kinds):
        if not os.path.exists(CGIT):  # noqa: PTH110 - as it stands in nginx' file
            continue
        place = folder / f"cgit{number}"
        (place / "cache").mkdir(parents=True)
        rc = place / "rc"
        rc.write_text(CGITRC.format(cache=cache, folder=place, more=more, repository=repository))
        port = free_port()
        servers.append(SERVER.format(port=port, folder=folder, script=CGIT, more=f"fastcgi_param CGIT_CONFIG {rc};"))
        found.append(Peer(name, port, "/s/tree/{path}", "/s/tree/"))
    if os.path.exists(GITWEB):  # noqa: PTH110
        (folder / "gitweb.conf").write_text(
            f'$projectroot = "{repository.parent}"; $feature{{"highlight"}}{{"default"}} = [0];\n'
        )
        port = free_port()
        more = f"fastcgi_param GITWEB_CONFIG {folder}/gitweb.conf;"
        servers.append(SERVER.format(port=port, folder=folder, script=GITWEB, more=more))
        found.append(Peer("gitweb", port, f"/?p={repository.name};a=blob;f={{path}}", f"/?p={repository.name};a=tree"))
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, servers="".join(servers)))
    children.append(subprocess.Popen(["fcgiwrap", "-c", "2", "-s", f"unix:{folder}/fcgi.sock"], start_new_session=True))
    time.sleep(0.5)
    children.append(
        subprocess.Popen(["nginx", "-c", f"{folder}/nginx.conf", "-p", str(folder)], stderr=subprocess.DEVNULL)
    )
    return found


def _filter(folder: Path) -> str:
    if not shutil.which("highlight"):
        return ""
    script = folder / "filter.sh"
    script.write_text('#!/bin/sh\nexec highlight --force -f -I -O xhtml -S "${1##*.}" 2>/dev/null\n')
    script.chmod(0o755)
    return f"source-filter={script}"


@contextmanager
def _children() -> Iterator[list[subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []
    try:
        yield started
    finally:
        for child in reversed(started):
            group = os.getpgid(child.pid)
            if group == child.pid:  # fcgiwrap leaves those that it started
                os.killpg(group, signal.SIGTERM)
            else:
                child.terminate()
            child.wait(10)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit(f"nothing answers on port {port}")
