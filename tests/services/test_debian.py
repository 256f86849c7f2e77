"""Debian source packages: three deliveries by one signed description, all or none; a real packager's tools are the oracle."""

from __future__ import annotations

import gzip
import hashlib
import io
import subprocess
import tarfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import pysequoia
import pytest

from tests.cast import Cast, finish
from tests.signers import OpenPgpSigner
from transparency.errors import UnusableInputError
from transparency.models import Delivery, Job, Organisation, Product, Release, Snapshot, TrustAnchor
from transparency.proofs.digest import Digest
from transparency.proofs.records import parse_delivery_record
from transparency.services.enrol_anchor import enrol_product_anchor
from transparency.services.ensure_release import ensure_release
from transparency.services.import_keyring import import_keyring
from transparency.services.perform_job import perform_job
from transparency.services.receive_debian_source import receive_debian_source
from transparency.services.stored_files import Received

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from transparency.proofs.signatures.keys import EnrolledKey

ORIG = "pump_1.0.orig.tar.gz"
UPSTREAM = {"pump-1.0/main.c": b"int main;\n", "pump-1.0/debian/old": b"upstream's own\n", "pump-1.0/run": b"x\n"}
PATCH = b"Fix it.\n\n--- a/main.c\n+++ b/main.c\n@@ -1 +1 @@\n-int main;\n+int fixed;\n"
DEBIAN = {
    "debian/rules": b"#!/usr/bin/make -f\n",
    "debian/source/format": b"3.0 (quilt)\n",
    "debian/patches/series": b"fix.patch\n",
    "debian/patches/fix.patch": PATCH,
}


def tar(files: Mapping[str, bytes]) -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return gzip.compress(plain.getvalue(), mtime=0)


class TextSigner(Protocol):
    """Somebody who signs a .dsc."""

    key: EnrolledKey

    def clearsign(self, text: bytes) -> bytes: ...


@dataclass
class Source:
    """A source package on its way in; what a test changes, it changes here."""

    upstream: Mapping[str, bytes] = field(default_factory=lambda: UPSTREAM)
    debian: Mapping[str, bytes] = field(default_factory=lambda: DEBIAN)
    kind: str = "3.0 (quilt)"
    extra: str = ""
    signer: TextSigner = field(default_factory=OpenPgpSigner)
    # All archives, instead of upstream and debian; and what lies beside them.
    archives: Mapping[str, bytes] = field(default_factory=dict)
    beside: Mapping[str, bytes] = field(default_factory=dict)

    def files(self) -> dict[str, bytes]:
        two = {ORIG: tar(self.upstream), "pump_1.0-2.debian.tar.gz": tar(self.debian)}
        return {**(self.archives or two), **self.beside}

    def text(self) -> str:
        lists = "".join(f"\n {Digest.of(data)} {len(data)} {name}" for name, data in sorted(self.files().items()))
        old = "".join(
            f"\n {hashlib.md5(data, usedforsecurity=False).hexdigest()} {len(data)} {name}"
            for name, data in sorted(self.files().items())
        )
        head = f"Format: {self.kind}\nSource: pump\nBinary: pump\nVersion: 1.0-2\nMaintainer: A <a@example.org>\n"
        return f"{head}{self.extra or f'Files:{old}'}\nChecksums-Sha256:{lists}\n"

    def dsc(self) -> bytes:
        return self.signer.clearsign(self.text().encode())

    def lie_in(self, folder: Path) -> None:
        """The package as files, for the tools of a packager."""
        (folder / "pump_1.0-2.dsc").write_bytes(self.dsc())
        for name, data in self.files().items():
            (folder / name).write_bytes(data)

    def ask(
        self,
        cast: Cast,
        *,
        dsc: bytes | None = None,
        without: str = "",
        changed: str = "",
        more: Mapping[str, bytes] | None = None,
        enrol: bool = True,
    ) -> Job:
        release = ensure_release(vendor="acme", product="pump", version="1.0-2", restricted=False)
        if enrol:
            enrol_product_anchor(product=release.product, public_text=self.signer.key.public, enrolled_by=cast.vendor)
        files = {
            name: data + b"x" if name == changed else data for name, data in self.files().items() if name != without
        }
        return receive_debian_source(
            release=release,
            dsc=Received("pump_1.0-2.dsc", io.BytesIO(dsc or self.dsc())),
            files=[Received(name, io.BytesIO(data)) for name, data in {**files, **(more or {})}.items()],
            send=False,
        )

    def arrive(self, cast: Cast, **how: str | bytes | bool | Mapping[str, bytes] | None) -> dict[str, Delivery]:
        job = finish(self.ask(cast, **how))  # type: ignore[arg-type]
        return {row.role: row for row in Delivery.objects.filter(pk__in=(job.result or {})["deliveries"])}


def unpacked(folder: Path, name: str, *options: str) -> str:
    """What dpkg-source makes of the package that lies in the folder, as the name of a git tree."""
    command = ["dpkg-source", "--no-check", "--no-copy", *options, "-x", "pump_1.0-2.dsc", name]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return git_tree(folder / name)


def git_tree(folder: Path) -> str:
    command = "rm -rf .pc && git init -q . && git add -A -f . && git write-tree"
    done = subprocess.run(["bash", "-c", command], cwd=folder, check=True, capture_output=True)
    return done.stdout.decode().strip()


def states(rows: Mapping[str, Delivery]) -> dict[str, tuple[str, str]]:
    return {role: (row.state, row.verdict_code) for role, row in rows.items()}


ALL = dict.fromkeys(("upstream", "distribution", "patched"), ("admitted", "valid"))


def test_three_deliveries_come_out_and_the_signed_tree_is_the_subject(cast: Cast) -> None:
    rows = Source().arrive(cast)
    assert states(rows) == ALL
    release = Release.objects.get(version="1.0-2")
    assert release.subject == rows["distribution"].snapshot
    assert rows["patched"].derived_from == rows["distribution"]
    record = parse_delivery_record(bytes(rows["patched"].record or b""))
    assert record.cover is not None
    assert (record.cover.form, record.derived_from) == ("dsc", Digest.parse(rows["distribution"].snapshot.manifest))  # type: ignore[union-attr]
    assert [item.name for item in record.components] == ["pump_1.0-2.debian.tar.gz", "pump_1.0.orig.tar.gz"]


MOVING = (
    b"Move it.\n\ndiff --git a/main.c b/src/core.c\nsimilarity index 50%\nrename from main.c\nrename to src/core.c\n"
    b"--- a/main.c\n+++ b/src/core.c\n@@ -1 +1,2 @@\n int fixed;\n+int moved;\n"
    b"diff --git a/run b/bin/run\nsimilarity index 100%\nrename from run\nrename to bin/run\n"
)
MOVES = {"debian/patches/series": b"fix.patch\nmove.patch\n", "debian/patches/move.patch": MOVING}


@pytest.mark.parametrize("debian", [DEBIAN, DEBIAN | MOVES], ids=["changes", "moves"])
def test_the_trees_are_those_of_dpkg_source(cast: Cast, tmp_path: Path, debian: dict[str, bytes]) -> None:
    source = Source(debian=debian)
    rows = source.arrive(cast)
    source.lie_in(tmp_path)
    for role, options in (("distribution", ["--skip-patches"]), ("patched", [])):
        assert rows[role].snapshot.git_tree == unpacked(tmp_path, role, *options)  # type: ignore[union-attr]


def test_a_series_that_does_not_apply_keeps_the_patched_tree_alone_out(cast: Cast) -> None:
    broken = DEBIAN | {"debian/patches/fix.patch": PATCH.replace(b"-int main;", b"-int other;")}
    rows = Source(debian=broken).arrive(cast)
    assert states(rows) == ALL | {"patched": ("quarantined", "valid")}
    [refused] = rows["patched"].refused
    assert (refused["rule"], refused["path"]) == ("patch-failed", "fix.patch%3A%20main.c")


@pytest.mark.parametrize(
    ("debian", "rule"),
    [
        ({"debian/patches/series": b"../fix.patch\n"}, "patch-series"),
        ({"debian/patches/series": b"missing.patch\n"}, "patch-missing"),
        ({"debian/patches/fix.patch": PATCH.replace(b"/main.c", b"/../../main.c")}, "patch-path"),
        ({"debian/patches/fix.patch": PATCH.replace(b"/main.c", b"/.git/config")}, "patch-path"),
    ],
)
def test_a_hostile_patch_is_refused_by_its_rule(cast: Cast, debian: dict[str, bytes], rule: str) -> None:
    rows = Source(debian=DEBIAN | debian).arrive(cast)
    assert states(rows)["distribution"] == ("admitted", "valid")
    assert [finding["rule"] for finding in rows["patched"].refused] == [rule]


def test_a_debian_archive_that_writes_elsewhere_is_refused(cast: Cast) -> None:
    rows = Source(debian=DEBIAN | {"main.c": b"evil\n"}).arrive(cast)
    assert [finding["rule"] for finding in rows["distribution"].refused] == ["debian-member"]
    assert states(rows)["upstream"] == ("admitted", "valid")


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"without": "pump_1.0.orig.tar.gz"}, "dsc-file-missing"),
        ({"changed": "pump_1.0.orig.tar.gz"}, "dsc-file-differs"),
    ],
)
def test_files_other_than_the_description_names_keep_everything_out(cast: Cast, how: dict[str, str], code: str) -> None:
    rows = Source().arrive(cast, **how)
    assert {state for state, _ in states(rows).values()} == {"quarantined"}
    assert {found for _, found in states(rows).values()} == {code}
    assert not Snapshot.objects.exists()


def test_a_changed_description_is_invalid_and_an_unknown_key_unknown(cast: Cast) -> None:
    source = Source()
    forged = source.dsc().replace(b"Version: 1.0-2", b"Version: 1.0-3")
    assert {row.verdict for row in source.arrive(cast, dsc=forged).values()} == {"invalid"}
    assert {row.verdict for row in Source().arrive(cast, enrol=False).values()} == {"unknown-key"}


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (Source(kind="3.0 (git)"), "dsc-format"),
        (Source(kind="3.0 (native)"), "dsc-malformed"),
        (Source(extra=f"Files:\n {32 * '0'} 1 pump_1.0.orig.tar.gz"), "dsc-disagrees"),
        (Source(extra="Source: other"), "dsc-malformed"),
    ],
)
def test_a_description_that_does_not_add_up_fails_the_job(cast: Cast, source: Source, code: str) -> None:
    job = source.ask(cast)
    assert perform_job(job=job.pk)
    job.refresh_from_db()
    assert (job.state, (job.error or {})["code"]) == ("failed", code)
    assert not Delivery.objects.exists()


def test_text_outside_the_signed_block_is_refused(cast: Cast) -> None:
    source = Source()
    job = source.ask(cast, dsc=b"Format: 1.0\n\n" + source.dsc())
    assert perform_job(job=job.pk)
    job.refresh_from_db()
    assert (job.error or {})["code"] == "dsc-malformed"


class TestKeyrings:
    def keyring(self, *signers: TextSigner) -> bytes:
        return b"".join(bytes(pysequoia.Cert.from_bytes(signer.key.public.encode())) for signer in signers)

    def test_a_keyrings_keys_count_for_every_product_of_the_vendor(self, cast: Cast) -> None:
        source = Source()
        ring = self.keyring(OpenPgpSigner("Other <other@example.org>"), source.signer)
        assert import_keyring(vendor="acme", keyrings=[ring], enrolled_by=None).enrolled == 2
        assert import_keyring(vendor="acme", keyrings=[ring], enrolled_by=None).known == 2
        assert TrustAnchor.objects.filter(product=None, person=None).count() == 2
        assert states(source.arrive(cast, enrol=False)) == ALL

    def test_another_vendors_keyring_counts_for_nothing(self, cast: Cast) -> None:
        source = Source()
        import_keyring(vendor="rival", keyrings=[self.keyring(source.signer)], enrolled_by=None)
        assert {row.verdict for row in source.arrive(cast, enrol=False).values()} == {"unknown-key"}
        assert Organisation.objects.get(slug="rival").anchors.count() == 1

    @pytest.mark.parametrize("data", [b"", b"no keyring", b"\xc2\x01\x04"])
    def test_what_is_no_keyring_is_unusable(self, cast: Cast, data: bytes) -> None:
        with pytest.raises(UnusableInputError, match="keyring-malformed"):
            import_keyring(vendor="acme", keyrings=[data], enrolled_by=cast.vendor)
        assert not Product.objects.exists()
