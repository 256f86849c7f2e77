"""`transparency push NAME.dsc`: the files that the .dsc lists go with it, each once; and archives whose tar was signed."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.client.test_push import Vendor, live, quick, run, vendor, worker
from tests.gitrepos import GitRepo
from tests.services.test_debian import ALL, DEBIAN, Source, states
from transparency.models import Delivery, Job, Release, Upload
from transparency.services.enrol_anchor import enrol_product_anchor

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["quick", "vendor", "worker"]
ORIG, PATCHES = "pump_1.0.orig.tar.gz", "pump_1.0-2.debian.tar.gz"


class Packager:
    """A vendor's machine with a source package in a folder."""

    def __init__(self, vendor: Vendor, source: Source) -> None:
        self.vendor, self.folder = vendor, vendor.folder
        enrol_product_anchor(
            product=vendor.product, public_text=source.signer.key.public, enrolled_by=vendor.cast.vendor
        )
        self.dsc = self.write("pump_1.0-2.dsc", source.dsc())
        for name, data in source.files().items():
            self.write(name, data)

    def write(self, name: str, data: bytes) -> Path:
        (self.folder / name).write_bytes(data)
        return self.folder / name

    def push(self, *more: object) -> tuple[int, str, str]:
        return run(
            self.dsc, "--product", "widget", "--release", "1.0-2", "--url", self.vendor.url,
            "--token-file", self.vendor.token, *more,
        )  # fmt: skip

    def answer(self, *more: object) -> tuple[int, dict[str, Any]]:
        code, out, _ = self.push("--json", *more)
        return code, json.loads(out)


@pytest.fixture
def packager(vendor: Vendor) -> Packager:
    return Packager(vendor, Source())


@live
def test_a_description_brings_its_files_and_becomes_three_deliveries(packager: Packager, worker: None) -> None:
    code, answer = packager.answer()
    assert (code, answer["state"], len(answer["deliveries"])) == (0, "admitted", 3)
    assert states({row.role: row for row in Delivery.objects.all()}) == ALL
    assert sorted(Upload.objects.values_list("name", flat=True)) == sorted([packager.dsc.name, ORIG, PATCHES])
    assert packager.vendor.states == []


@live
def test_a_signature_beside_upstreams_archive_goes_with_it(packager: Packager, worker: None) -> None:
    """Its key is not enrolled, so it changes nothing; but it is there to be judged."""
    orig = (packager.folder / ORIG).read_bytes()
    packager.write(f"{ORIG}.asc", packager.vendor.cast.vendor_key.sign(orig))
    code, _ = packager.answer()
    assert code == 0
    upstream = Delivery.objects.get(role="upstream")
    assert (upstream.verdict, upstream.cover) == ("valid", None)
    assert upstream.signatures.get().format == "sshsig"


@live
def test_a_dry_run_lists_every_refusal_and_what_is_there_is_not_sent_again(vendor: Vendor, worker: None) -> None:
    packager = Packager(vendor, Source(debian=DEBIAN | {"debian/patches/series": b"../fix.patch\n"}))
    code, out, _ = packager.push("--dry-run")
    assert code == 0
    assert "distribution: would be admitted: verdict valid" in out
    assert "patched: would be quarantined: verdict valid" in out
    assert "refused: patch-series: " in out
    assert (Delivery.objects.count(), Release.objects.filter(version="1.0-2").count()) == (0, 0)
    before = set(Upload.objects.values_list("pk", flat=True))
    code, _, err = packager.push()
    assert code == 0
    assert set(Upload.objects.values_list("pk", flat=True)) == before
    assert "MiB" not in err, "nothing was sent"
    assert Delivery.objects.count() == 3


@live
def test_what_was_sent_before_an_interruption_stays_and_the_rest_follows(packager: Packager, worker: None) -> None:
    """The upload of one file is lost, as if the push had ended before it; only that one is sent."""
    assert packager.push("--dry-run", "--no-wait")[0] == 0
    kept = set(Upload.objects.exclude(name=PATCHES).values_list("pk", flat=True))
    Upload.objects.filter(name=PATCHES).delete()
    code, _, err = packager.push()
    assert code == 0
    assert kept < set(Upload.objects.values_list("pk", flat=True))
    assert PATCHES in err
    assert ORIG not in err


@live
def test_what_is_missing_or_other_is_named_before_anything_is_sent(packager: Packager) -> None:
    data = (packager.folder / ORIG).read_bytes()
    packager.write(ORIG, data + b"x")
    code, answer = packager.answer()
    assert (code, answer["error"]["code"]) == (2, "dsc-file-differs")
    assert answer["error"]["found"] == f"{ORIG}: {len(data) + 1} bytes"
    for name in (ORIG, PATCHES):
        (packager.folder / name).unlink()
    code, answer = packager.answer()
    assert (code, answer["error"]["code"], answer["error"]["found"]) == (2, "dsc-file-missing", "no such file")
    assert f"{ORIG}: {len(data)} bytes, sha256 " in answer["error"]["expected"]
    assert PATCHES in answer["error"]["expected"]
    packager.dsc.write_text("no description")
    assert packager.answer()[1]["error"]["code"] == "dsc-malformed"
    packager.dsc.write_bytes(b"")
    assert packager.answer()[1]["error"]["code"] == "dsc-malformed"
    assert not Upload.objects.exists()


@live
def test_the_same_size_and_another_digest_is_refused_by_the_portal(packager: Packager) -> None:
    data = (packager.folder / ORIG).read_bytes()
    packager.write(ORIG, data[:-1] + bytes([data[-1] ^ 1]))
    code, answer = packager.answer()
    assert (code, answer["error"]["code"]) == (2, "dsc-file-differs")
    assert not Job.objects.exists()


@live
@pytest.mark.parametrize("more", [("--over", "decompressed"), ("--role", "upstream"), ("--signature", "x")])
def test_options_of_an_archive_do_not_fit_a_description(packager: Packager, more: tuple[str, str]) -> None:
    (packager.folder / "x").write_bytes(b"x")
    given = more if more[0] != "--signature" else (more[0], packager.folder / "x")
    code, answer = packager.answer(*given)
    assert (code, answer["error"]["code"]) == (2, "dsc-options")


@live
def test_a_signature_over_the_tar_inside_counts_when_the_option_says_so(vendor: Vendor, worker: None) -> None:
    plain = gzip.decompress(vendor.archive.read_bytes())
    vendor.signature.write_bytes(vendor.cast.vendor_key.sign(plain))
    code, answer = vendor.answer("--dry-run")
    assert (code, answer["verdict"]["outcome"]) == (1, "invalid")
    for more in (("--dry-run",), ()):
        code, answer = vendor.answer("--over", "decompressed", *more)
        assert (code, answer["state"], answer["verdict"]["outcome"]) == (0, "admitted", "valid")
    assert Delivery.objects.get().signature_over == "decompressed"


@live
def test_a_bundle_and_the_name_of_a_tag_become_a_delivery(vendor: Vendor, worker: None, tmp_path: Path) -> None:
    key = vendor.cast.auditor_key
    enrol_product_anchor(
        product=vendor.product, public_text=key.public, enrolled_by=vendor.cast.vendor, namespaces=("git",)
    )
    repo = GitRepo(tmp_path / "repo.git")
    commit = repo.commit(signer=key)
    repo.tag("v1.0", commit, signer=key)
    bundle = tmp_path / "pump.bundle"
    bundle.write_bytes(repo.bundle())
    arguments = (
        bundle, "--product", "widget", "--release", "1.0", "--url", vendor.url, "--token-file", vendor.token, "--json",
    )  # fmt: skip
    code, out, _ = run(*arguments, "--tag", "v1.0", "--signature", bundle)
    assert (code, json.loads(out)["error"]["code"]) == (2, "git-options")
    assert not Upload.objects.exists()
    for wanted, role in ((("--tag", "v1.0"), "signed-tag"), (("--commit", commit), "signed-commit")):
        code, out, _ = run(*arguments, *wanted)
        assert (code, json.loads(out)["role"]) == (0, role)
