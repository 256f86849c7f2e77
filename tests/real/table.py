"""Report: real signed sources through the real commands. `python -m tests.real.table FOLDER …`

Each folder holds what `apt-get source --download-only` left: a .dsc with its files, or an upstream archive with its `.asc`. The upstream
archive is imported once more by itself, held to the key that the packager ships in `debian/upstream/`.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
KEYRINGS = ("/usr/share/keyrings/debian-keyring.gpg", "/usr/share/keyrings/debian-maintainers.gpg")


class Centre:
    """A data folder of its own and its commands."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.run("migrate", "-v0")
        self.run("init", "--origin", "log.real.test/source")
        self.run("import_keyring", *KEYRINGS, "--vendor", "debian")

    def run(self, *arguments: str) -> str:
        environment = {**os.environ, "TRANSPARENCY_HOME": str(self.home)}
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout

    def deliver(self, source: Path, product: str, *more: str) -> tuple[dict[str, Any], str]:
        start = time.monotonic()
        said = self.run(
            "import_snapshot",
            str(source),
            "--product",
            product,
            "--release",
            "1",
            "--vendor",
            "debian",
            "--json",
            *more,
        )
        wall = time.monotonic() - start
        with sqlite3.connect(self.home / "portal.sqlite3") as rows:
            query = "select result from transparency_job order by created_at desc limit 1"
            used = json.loads(rows.execute(query).fetchone()[0] or "{}").get("contained", {})
        cost = f"{wall:.1f} s | {used.get('cpu_seconds', 0):.1f} s | {used.get('peak_bytes', 0) / 1024**2:.0f} MiB"
        return json.loads(said), cost


def upstream_key(folder: Path, scratch: Path) -> Path | None:
    """The key that the packager holds upstream to, out of the debian archive."""
    for archive in folder.glob("*.debian.tar.*"):
        with tarfile.open(archive) as tar:
            for name in ("debian/upstream/signing-key.asc", "debian/upstream/signing-key.pgp"):
                if name in tar.getnames() and (member := tar.extractfile(name)):
                    (scratch / "key.asc").write_bytes(member.read())
                    return scratch / "key.asc"
    return None


def row(what: str, report: dict[str, Any], cost: str) -> str:
    if "error" in report:
        return f"| {what} | {report['error']['code']} | | | | {cost} |"
    keys = ", ".join(step["found"][-16:] for step in report["steps"] if step["name"].endswith("key enrolled"))
    verdict = f"{report['verdict']['outcome']} ({report['verdict']['code']})"
    return f"| {what} | {keys} | {verdict} | {report['files']} | {len(report['flagged'])}, {len(report['refused'])} | {cost} |"


def main() -> None:
    print("| source | key | verdict | files | flagged, refused | wall | CPU | largest process |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="real-") as name:
        scratch = Path(name)
        centre = Centre(scratch / "var")
        for folder in map(Path, sys.argv[1:]):
            for dsc in sorted(folder.glob("*.dsc")):
                print(row(dsc.name, *centre.deliver(dsc, folder.name)), flush=True)
            key = upstream_key(folder, scratch)
            for archive in sorted(folder.glob("*.orig.tar.*[!c]")):
                signature = archive.with_name(f"{archive.name}.asc")
                if signature.exists():
                    more = ["--signature", str(signature), *(["--key", str(key)] if key else [])]
                    print(row(archive.name, *centre.deliver(archive, f"{folder.name}-upstream", *more)), flush=True)


if __name__ == "__main__":
    main()
