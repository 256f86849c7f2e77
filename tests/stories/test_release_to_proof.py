"""The product's main job from end to end: a vendor signs, an auditor reads and attests, a stranger checks.

Everything is real: keys by ssh-keygen, the portal's own pages and commands, the client and the independent verifier as programs of
their own, without a network and without this process's help.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from reviews.models import Attestation, Engagement, Statement
from tests.cast import OPEN_FILES, Cast, make_archive
from transparency.models import LogHead, Organisation, Product, Release
from transparency.services.grant_rights import grant_rights

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = b"the build that runs on a machine\n"
NO_NETWORK = ["unshare", "--net", "--map-root-user"] if os.environ.get("TRANSPARENCY_UNSHARE") else []


class Portal:
    """A browser of one person."""

    def __init__(self, username: str | None = None) -> None:
        self.client = Client()
        if username:
            answer = self.client.post(
                reverse("sign-in"), {"username": username, "password": f"{username}-password-long"}
            )
            assert answer.status_code == 302

    def get(self, address: str) -> str:
        answer = self.client.get(address, follow=True)
        assert answer.status_code == 200, (address, answer.status_code)
        return answer.content.decode()

    def download(self, address: str) -> bytes:
        answer = self.client.get(address)
        assert answer.status_code == 200
        return answer.content

    def post(self, address: str, data: dict[str, Any]) -> Any:
        return self.client.post(address, data, follow=True)


def manage(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    call_command(*arguments, "--json")
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def program(folder: Path, *command: str) -> tuple[int, dict[str, Any]]:
    """Run a verifier as a stranger does: another process, an empty home, no environment of ours."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [*NO_NETWORK, *command, "--json"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.mark.django_db(transaction=True)
def test_from_a_signed_release_to_a_proof_that_a_stranger_checks(
    cast: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "work"
    folder.mkdir()

    # The vendor ships: a signed archive, a build, a signed checksum list.
    archive = make_archive(OPEN_FILES, "widget-1.0")
    sums = f"{hashlib.sha256(BUILD).hexdigest()}  widget.bin\n".encode()
    files = {
        "widget-1.0.tar.gz": archive,
        "widget-1.0.tar.gz.sig": cast.vendor_key.sign(archive),
        "widget.bin": BUILD,
        "SHA256SUMS": sums,
        "SHA256SUMS.sig": cast.vendor_key.sign(sums),
        "vendor.pub": cast.vendor_key.public.encode(),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    release = ("--product", "widget", "--release", "1.0")
    imported = manage(
        capsys, "import_snapshot", str(folder / "widget-1.0.tar.gz"), *release, "--vendor", "acme",
        "--signature", str(folder / "widget-1.0.tar.gz.sig"), "--key", str(folder / "vendor.pub"),
    )  # fmt: skip
    assert imported["verdict"]["outcome"] == "valid"
    assert [step["status"] for step in imported["steps"]].count("holds") == 4
    built = manage(
        capsys, "import_builds", str(folder / "widget.bin"), *release, "--vendor", "acme",
        "--manifest", str(folder / "SHA256SUMS"), "--signature", str(folder / "SHA256SUMS.sig"),
    )  # fmt: skip
    assert built["artifacts"] == [
        {
            "name": "widget.bin",
            "sha256": sums[:64].decode(),
            "listed": sums[:64].decode(),
            "listing": "listed-and-equal",
        }
    ]

    # The authority may review it, and its auditor agrees an engagement.
    row = Release.objects.get(product__slug="widget")
    grant_rights(
        organisation=Organisation.objects.get(slug="north"),
        product=row.product,
        release=None,
        rights=["review"],
        granted_by=None,
    )
    anna = Portal("anna")
    answer = anna.post(
        reverse("engagement-new"),
        {
            "release": row.pk,
            "depth": "red",
            "auditors": [cast.auditor.pk],
            "include": "",
            "exclude": "logo.bin: a picture",
            "terms": "Read well.",
        },
    )
    assert "The engagement is agreed" in answer.content.decode()
    engagement = Engagement.objects.get()
    answer = anna.post(reverse("engagement-accept", args=[engagement.pk]), {"digest": engagement.digest})
    assert "You accepted the terms." in answer.content.decode()

    # She reads, writes a note on a region, marks what she read, and sees the share read.
    assert "main.c" in anna.get("/products/widget/1.0/tree/src/")
    page = anna.get("/products/widget/1.0/file/src/main.c")
    assert 'id="L3"' in page
    assert "&quot;util.h&quot;" in page
    anna.post(
        reverse("note-write", args=[engagement.pk]),
        {"path": "src/main.c", "start": 3, "end": 5, "text": "Returns what util says."},
    )
    for path, lines in (("src/main.c", 5), ("README", 2)):
        anna.post(reverse("mark", args=[engagement.pk]), {"path": path, "start": 1, "end": lines, "level": "read"})
    assert "Returns what util says." in anna.get("/products/widget/1.0/file/src/main.c")
    assert "7 of 8 lines" in anna.get(reverse("engagement", args=[engagement.pk]))

    # She freezes a statement, takes its bytes out, signs them with her own key, brings the envelope back.
    anna.post(
        reverse("statement-freeze", args=[engagement.pk]),
        {
            "anchor": cast.auditor.anchors.get().pk,
            "conclusion": "no-unexplained",
            "limitations": "No build was looked into.",
            "open_findings": 0,
        },
    )
    statement = Statement.objects.get()
    (folder / "statement.json").write_bytes(anna.download(reverse("statement-payload", args=[statement.pk])))
    code, signed = program(
        folder,
        sys.executable,
        "-m",
        "transparency.client",
        "sign",
        "statement.json",
        "--key",
        str(cast.auditor_key.path),
    )
    assert (code, signed["keyid"]) == (0, cast.auditor.anchors.get().fingerprint)
    with (folder / "statement.dsse.json").open("rb") as envelope:
        page = anna.post(reverse("statement", args=[statement.pk]), {"envelope": envelope}).content.decode()
    assert "kept, and logged" in page
    assert Attestation.objects.get().entry.kind == "attestation"
    assert LogHead.objects.get().size == 4  # key, delivery, builds, attestation

    # The public sees the chain, machines' findings and people's statements apart, without an account.
    public = Portal()
    page = public.get("/products/widget/1.0/")
    assert "Northern Agency states that" in page or "state that they read 7 of 8 lines" in page
    assert "not attempted" in page
    assert "This does not show that no back door exists." in page
    assert "Anna" not in page
    assert "Returns what util says." not in page

    # A stranger downloads the dossier, takes trust from elsewhere, and checks it offline with two programs.
    (folder / "widget.zip").write_bytes(public.download("/products/widget/1.0/dossier.zip"))
    manage(capsys, "export_trust", "--out", str(folder / "trust.json"))
    client = (sys.executable, "-m", "transparency.client", "verify")
    alone = (sys.executable, "-I", str(ROOT / "transparency" / "verifier" / "verify.py"))
    for verifier in (client, alone):
        for file in ((), ("widget.bin",), ("widget-1.0.tar.gz",)):
            code, report = program(folder, *verifier, "widget.zip", *file, "--trust", "trust.json")
            assert (code, report["failed"]) == (0, None), (verifier, file, report)
        assert program(folder, *verifier, "widget.zip", "widget.bin")[0] == 3
        code, report = program(folder, *verifier, "widget.zip", "vendor.pub", "--trust", "trust.json")
        assert (code, report["failed"]) == (1, "file")

    # Nothing about this was restricted, and nothing changed behind the log's back.
    assert Product.objects.get(slug="widget").visibility == "open"
    assert manage(capsys, "verify_log")["size"] == 4
