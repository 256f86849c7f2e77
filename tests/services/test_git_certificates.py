"""Git tags and commits that X.509 certificates signed, as git has gpgsm sign them: what is imported, and what gpgsm says of the same."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import hashes

from tests.gitrepos import GitRepo, tag_body
from tests.proofs.signatures.test_cms_confusion import gpgsm_home
from tests.services.test_git_sources import arrive, state
from tests.signers import CertificateSigner

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)


class GitCertificateSigner(CertificateSigner):
    """The same signature in the armour that gpgsm writes."""

    def sign(self, data: bytes, namespace: str = "file") -> bytes:
        return super().sign(data, namespace).replace(b" CMS-", b" SIGNED MESSAGE-")


@pytest.fixture
def signer(tmp_path: Path) -> GitCertificateSigner:
    return GitCertificateSigner(tmp_path)


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    return GitRepo(tmp_path / "repo.git")


def gpgsm_says_good(repo: GitRepo, signer: CertificateSigner, what: str, name: str) -> bool:
    """Whether `git verify-tag` or `git verify-commit` accepts it through gpgsm, which trusts the signer's root."""
    with gpgsm_home() as home:
        (home / "gpgsm.conf").write_text("disable-crl-checks\n")
        root = signer.authority.certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 - gpgsm's name for it
        (home / "trustlist.txt").write_text(f"{root} S relax\n")
        wrapper = home / "program"
        wrapper.write_text(f'#!/bin/sh\nexec gpgsm --homedir {home} --batch "$@"\n')
        wrapper.chmod(0o700)
        run = ["gpgsm", "--homedir", str(home), "--batch", "--import"]
        subprocess.run(run, input=signer.authority.pem.encode(), capture_output=True, check=True)
        options = ("-c", "gpg.format=x509", "-c", f"gpg.x509.program={wrapper}")
        return repo.run(*options, what, name).returncode == 0


def test_a_tag_signed_below_an_enrolled_authority_is_imported(
    cast: Cast, repo: GitRepo, signer: GitCertificateSigner
) -> None:
    repo.tag("v1.0", repo.commit(), signer=signer)
    assert state(arrive(cast, repo.bundle(), keys=[signer.authority.pem])) == ("admitted", "valid", "valid")
    assert gpgsm_says_good(repo, signer, "verify-tag", "v1.0")


def test_a_signed_commit_too(cast: Cast, repo: GitRepo, signer: GitCertificateSigner) -> None:
    commit = repo.commit(signer=signer)
    delivery = arrive(cast, repo.bundle(), commit=commit, keys=[signer.authority.pem])
    assert state(delivery) == ("admitted", "valid", "valid")
    assert gpgsm_says_good(repo, signer, "verify-commit", commit)


def test_a_signature_of_another_tag_is_refused(cast: Cast, repo: GitRepo, signer: GitCertificateSigner) -> None:
    commit = repo.commit()
    signature = signer.sign(tag_body("v0.9", commit))
    made = repo.write("tag", tag_body("v1.0", commit) + signature)
    repo.git("update-ref", "refs/tags/v1.0", made)
    assert state(arrive(cast, repo.bundle(), keys=[signer.authority.pem])) == ("quarantined", "invalid", "cms-content")
    assert not gpgsm_says_good(repo, signer, "verify-tag", "v1.0")


def test_a_strangers_certificate_is_an_unknown_key(cast: Cast, repo: GitRepo, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    stranger, signer = GitCertificateSigner(tmp_path / "other"), GitCertificateSigner(tmp_path)
    repo.tag("v1.0", repo.commit(), signer=stranger)
    assert state(arrive(cast, repo.bundle(), keys=[signer.authority.pem]))[1:] == ("unknown-key", "unknown-key")
