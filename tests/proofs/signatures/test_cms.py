"""Detached CMS signatures that openssl makes: which of them hold, and that nothing holds that `openssl cms -verify` refuses."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from cryptography import x509

from tests.x509 import (
    ANY,
    CODE,
    DAY,
    MAIL,
    MAILBOX,
    NOW,
    TLS,
    Identity,
    cms_sign,
    issue,
    leaf,
    middle,
    openssl_accepts,
    root,
    usage,
)
from transparency.proofs.errors import EvidenceError
from transparency.proofs.signatures.findings import Content, FileDigests, Verdict
from transparency.proofs.signatures.judge import judge_all, sniff_format
from transparency.proofs.signatures.keys import EnrolledKey, key_from_text, parse_key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

DATA = b"the file as delivered\n"


def digests(data: bytes = DATA) -> FileDigests:
    return FileDigests(
        len(data), hashlib.sha256(data).digest(), hashlib.sha512(data).digest(), hashlib.blake2b(data).digest()
    )


def judge(
    signature: bytes,
    keys: Sequence[EnrolledKey],
    *,
    data: bytes = DATA,
    now: datetime = NOW,
    logged_at: datetime | None = None,
    content: Content | None = None,
) -> Verdict:
    given = content or Content(data=data)
    return judge_all([signature], digests(data), keys, now=now, content=given, openpgp=None, logged_at=logged_at)


def answer(signature: bytes, keys: Sequence[EnrolledKey], **more: Any) -> tuple[str, str]:
    verdict = judge(signature, keys, **more)
    return verdict.outcome, verdict.code


def signed_by(text: str, authority: Identity) -> EnrolledKey:
    return key_from_text(f"signer: {text}\n{authority.pem}")


class Case(NamedTuple):
    """What is made, what we say of it, what openssl says of it; `why` where openssl accepts what we refuse."""

    name: str
    make: Callable[[], tuple[Identity, Identity]]
    said: tuple[str, str]
    openssl: bool
    sign: tuple[str, ...] = ()
    purpose: tuple[str, ...] = ()
    why: str = ""
    at: datetime = NOW


def below(**more: Any) -> Callable[[], tuple[Identity, Identity]]:
    """Anchor and signer: a root and a leaf with this."""

    def make() -> tuple[Identity, Identity]:
        anchor = root()
        return anchor, leaf(anchor, **more)

    return make


def between(top: dict[str, Any], mid: dict[str, Any], **more: Any) -> Callable[[], tuple[Identity, Identity]]:
    """A root, an authority and a leaf with this."""

    def make() -> tuple[Identity, Identity]:
        anchor = root(**top)
        return anchor, leaf(middle(anchor, **mid), **more)

    return make


def two_between(**mid: Any) -> Callable[[], tuple[Identity, Identity]]:
    def make() -> tuple[Identity, Identity]:
        anchor = root()
        return anchor, leaf(middle(middle(anchor, "Upper", **mid), "Lower"))

    return make


def no_authority_between() -> tuple[Identity, Identity]:
    anchor = root()
    return anchor, leaf(leaf(anchor, "Not an authority"))


def strangers() -> tuple[Identity, Identity]:
    return root(), leaf(root())


def alone(**more: Any) -> Callable[[], tuple[Identity, Identity]]:
    """A certificate that issued itself and is the enrolled one."""

    def make() -> tuple[Identity, Identity]:
        signer = leaf(None, **more)
        return signer, signer

    return make


def permitted(*names: x509.GeneralName) -> dict[str, Any]:
    return {"more": [(x509.NameConstraints(names, None), True)]}


def excluded(*names: x509.GeneralName) -> dict[str, Any]:
    return {"more": [(x509.NameConstraints(None, names), True)]}


VALID = ("valid", "valid")
UNKNOWN = ("unknown-key", "unknown-key")
PSS = ("-keyopt", "rsa_padding_mode:pss")
STRANGE = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")
CASES = [
    Case("P-256", below(), VALID, openssl=True),
    Case("P-384 with SHA-384", below(kind="p384"), VALID, openssl=True, sign=("-md", "sha384")),
    Case("P-521 with SHA-512", below(kind="p521"), VALID, openssl=True, sign=("-md", "sha512")),
    Case("Brainpool", below(kind="brainpool"), VALID, openssl=True),
    Case("RSA, PKCS #1", below(kind="rsa2048"), VALID, openssl=True),
    Case("RSA, PSS", below(kind="rsa2048"), VALID, openssl=True, sign=("-md", "sha256", *PSS)),
    Case("RSA, PSS, SHA-512", below(kind="rsa2048"), VALID, openssl=True, sign=("-md", "sha512", *PSS)),
    Case("by key id", below(), VALID, openssl=True, sign=("-md", "sha256", "-keyid")),
    Case(
        "with a receipt of algorithms and certificate", below(), VALID, openssl=True, sign=("-md", "sha256", "-cades")
    ),
    Case("without its certificate", alone(), VALID, openssl=True, sign=("-md", "sha256", "-nocerts")),
    Case("an authority between", between({}, {}), VALID, openssl=True),
    Case("two authorities between", two_between(), VALID, openssl=True),
    Case("RSA below Ed25519", between({"kind": "ed25519"}, {"kind": "rsa2048"}), VALID, openssl=True),
    Case("chain signed by PSS", between({"kind": "rsa2048"}, {"pss": True}), VALID, openssl=True),
    Case("the certificate itself enrolled", alone(), VALID, openssl=True),
    Case("no key usage", below(key_usage=None), VALID, openssl=True),
    Case("no purpose", below(purposes=()), VALID, openssl=True),
    Case("code alone", below(purposes=(CODE,)), VALID, openssl=True, purpose=("-purpose", "any")),
    Case("authority for code", between({}, {"purposes": (CODE, MAIL)}), VALID, openssl=True),
    Case("permitted mailbox", between({}, permitted(x509.RFC822Name("vendor.example"))), VALID, openssl=True),
    Case("permitted by name and by address", between({}, permitted(x509.RFC822Name(MAILBOX))), VALID, openssl=True),
    Case("another domain excluded", between({}, excluded(x509.RFC822Name("other.example"))), VALID, openssl=True),
    # Refused by both.
    Case("another root", strangers, UNKNOWN, openssl=False),
    Case("no authority between", no_authority_between, ("invalid", "chain-authority"), openssl=False),
    Case("path too long", two_between(length=0), ("invalid", "chain-length"), openssl=False),
    Case(
        "authority may not certify",
        lambda: (top := root(), leaf(issue("Issuing", top, authority=True, key_usage=usage(sign=True)))),
        ("invalid", "chain-usage"),
        openssl=False,
    ),
    Case("key for enciphering", below(key_usage=usage(encipher=True)), ("invalid", "chain-usage"), openssl=False),
    Case("a web server's", below(purposes=(TLS,)), ("invalid", "chain-purpose"), openssl=False),
    Case("authority for web servers", between({}, {"purposes": (TLS,)}), ("invalid", "chain-purpose"), openssl=False),
    Case("every purpose", below(purposes=(ANY,)), ("invalid", "chain-purpose"), openssl=False),
    Case("unknown critical extension", below(more=[(STRANGE, True)]), ("invalid", "chain-extension"), openssl=False),
    Case(
        "mailbox not permitted",
        between({}, permitted(x509.RFC822Name("other.example"))),
        ("invalid", "chain-names"),
        openssl=False,
    ),
    Case(
        "mailbox excluded",
        between({}, excluded(x509.RFC822Name("vendor.example"))),
        ("invalid", "chain-names"),
        openssl=False,
    ),
    Case(
        "directory not permitted",
        between({}, permitted(x509.DirectoryName(x509.Name.from_rfc4514_string("O=Other")))),
        ("invalid", "chain-names"),
        openssl=False,
    ),
    Case("expired", below(), ("expired", "key-expired"), openssl=False, at=NOW + 400 * DAY),
    Case("not yet", below(begins=NOW + DAY), ("invalid", "certificate-not-yet"), openssl=False),
    Case(
        "authority expired",
        between({}, {"ends": NOW + DAY}),
        ("expired", "key-expired"),
        openssl=False,
        at=NOW + 2 * DAY,
    ),
    # Refused by us alone.
    Case(
        "SHA-1",
        below(),
        ("weak", "weak-hash"),
        openssl=True,
        sign=("-md", "sha1"),
        why="SHA-1 counts for nothing here",
    ),
    Case(
        "no signed attributes",
        below(),
        ("invalid", "cms-attributes"),
        openssl=True,
        sign=("-md", "sha256", "-noattr"),
        why="the content could be a set of attributes",
    ),
    Case(
        "an authority signs by itself",
        lambda: (top := root(), issue("Issuing", top, authority=True, purposes=(MAIL,))),
        ("invalid", "chain-usage"),
        openssl=True,
        why="who vouches for others signs no releases unless its key says so",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case.name.replace(" ", "-") for case in CASES])
def test_every_case_ends_as_it_must_and_openssl_agrees(tmp_path: Path, case: Case) -> None:
    anchor, signer = case.make()
    made = cms_sign(tmp_path, signer, DATA, *case.sign)
    assert answer(made, [anchor.key], now=case.at) == case.said
    accepts = openssl_accepts(tmp_path, made, DATA, anchor, *case.purpose, at=case.at)
    assert accepts == case.openssl
    assert accepts or case.said != VALID, "nothing holds here that openssl refuses"
    assert bool(case.why) == (accepts and case.said != VALID)


def test_of_what_holds_nothing_holds_over_other_bytes(tmp_path: Path) -> None:
    anchor, signer = between({}, {})()
    made = cms_sign(tmp_path, signer, DATA)
    for other in (b"", DATA[:-1], DATA + b"\n", DATA.replace(b"\n", b"\r\n")):
        assert answer(made, [anchor.key], data=other) == ("invalid", "cms-content")
        assert not openssl_accepts(tmp_path, made, other, anchor)


def test_pem_der_and_the_armour_of_git_are_one_signature(tmp_path: Path) -> None:
    anchor, signer = below()()
    pem = cms_sign(tmp_path, signer, DATA, form="PEM")
    der = cms_sign(tmp_path, signer, DATA)
    for label in (b"CMS", b"PKCS7", b"SIGNED MESSAGE"):
        assert answer(pem.replace(b"CMS", label), [anchor.key]) == VALID
    assert answer(der, [anchor.key]) == VALID
    assert sniff_format(der) == sniff_format(pem) == "cms"
    for spoilt in (pem + b"x", b"x" + pem, pem + pem, der + b"\0", pem.replace(b"END CMS", b"END PKCS7")):
        assert answer(spoilt, [anchor.key]) == ("invalid", "signature-unreadable")


def test_a_signature_with_its_content_inside_is_refused(tmp_path: Path) -> None:
    anchor, signer = below()()
    made = cms_sign(tmp_path, signer, DATA, "-md", "sha256", "-nodetach")
    assert answer(made, [anchor.key]) == ("invalid", "cms-attached")
    assert openssl_accepts(tmp_path, made, DATA, anchor)


def test_what_openssl_streams_in_indefinite_lengths_is_read_and_refused_for_its_content(tmp_path: Path) -> None:
    anchor, signer = below()()
    made = cms_sign(tmp_path, signer, DATA, "-md", "sha256", "-stream", "-nodetach")
    assert made[:2] == b"\x30\x80"
    assert answer(made, [anchor.key]) == ("invalid", "cms-attached")


def test_two_signers_are_refused_even_if_both_are_enrolled(tmp_path: Path) -> None:
    anchor = root()
    first, second = leaf(anchor), leaf(anchor, "Second")
    certificate, key = second.write(tmp_path, "second")
    made = cms_sign(tmp_path, first, DATA, "-md", "sha256", "-signer", str(certificate), "-inkey", str(key))
    assert answer(made, [anchor.key]) == ("invalid", "cms-signers")


def test_a_hash_that_nobody_took_on_the_way_is_taken_in_pieces(tmp_path: Path) -> None:
    anchor, signer = below(kind="p384")()
    made = cms_sign(tmp_path, signer, DATA, "-md", "sha384")
    pieces = Content(pieces=lambda: (DATA[:5], DATA[5:]))
    assert answer(made, [anchor.key], content=pieces) == VALID
    assert answer(made, [anchor.key], content=Content(pieces=lambda: (DATA,) * 2)) == ("invalid", "cms-content")
    assert answer(made, [anchor.key], content=Content()) == ("unavailable", "content-needed")
    assert answer(cms_sign(tmp_path, signer, DATA, "-md", "sha512"), [anchor.key], content=Content()) == VALID


# --- who signed -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("whom", "said"),
    [
        (f"email:{MAILBOX}", VALID),
        ("subject:CN=Signer", VALID),
        ("dns:build.vendor.example", VALID),
        ("uri:https://vendor.example/release", VALID),
        ("email:other@vendor.example", UNKNOWN),
        ("email:release@vendor.example.evil.example", UNKNOWN),
        ("subject:CN=Signe", UNKNOWN),
        ("dns:vendor.example", UNKNOWN),
        (f"uri:{MAILBOX}", UNKNOWN),
    ],
)
def test_only_the_signer_that_is_named_with_the_authority_counts(tmp_path: Path, whom: str, said: object) -> None:
    anchor, signer = below(
        names=(
            x509.RFC822Name(MAILBOX),
            x509.DNSName("build.vendor.example"),
            x509.UniformResourceIdentifier("https://vendor.example/release"),
        )
    )()
    assert answer(cms_sign(tmp_path, signer, DATA), [signed_by(whom, anchor)]) == said


def test_another_customer_of_the_same_authority_is_not_the_vendor(tmp_path: Path) -> None:
    anchor = root("Serves everybody")
    stranger = leaf(anchor, names=(x509.RFC822Name("stranger@other.example"),))
    made = cms_sign(tmp_path, stranger, DATA)
    assert answer(made, [signed_by(f"email:{MAILBOX}", anchor)]) == UNKNOWN
    verdict = judge(made, [anchor.key])
    assert verdict.outcome == "valid"
    assert "any signer that it vouches for" in [step.expected for step in verdict.findings[0].steps]


def test_one_authority_enrolled_for_two_signers_is_two_keys_and_each_counts(tmp_path: Path) -> None:
    anchor = root()
    keys = [signed_by("email:first@vendor.example", anchor), signed_by(f"email:{MAILBOX}", anchor)]
    verdict = judge(cms_sign(tmp_path, leaf(anchor), DATA), keys)
    assert (verdict.outcome, verdict.findings[0].key) == ("valid", keys[1].fingerprint)
    assert len({key.fingerprint for key in keys}) == 2


def test_a_chain_of_sha1_or_of_a_weak_key_vouches_for_nobody(tmp_path: Path) -> None:
    weak = middle(root(kind="rsa2048"), kind="rsa1024")
    assert weak.issuer
    assert answer(cms_sign(tmp_path, leaf(weak), DATA), [weak.issuer.key]) == UNKNOWN
    with pytest.raises(EvidenceError, match="key-weak"):
        key_from_text(weak.pem)


def test_a_signer_with_a_weak_key_is_weak(tmp_path: Path) -> None:
    anchor, signer = below(kind="rsa1024")()
    assert answer(cms_sign(tmp_path, signer, DATA), [anchor.key]) == ("weak", "weak-key")


def test_an_authority_of_the_same_name_and_another_key_is_another_one(tmp_path: Path) -> None:
    anchor, twin = root(), root()
    made = cms_sign(tmp_path, leaf(twin), DATA, chain=[twin])
    assert answer(made, [anchor.key]) == UNKNOWN
    assert not openssl_accepts(tmp_path, made, DATA, anchor)


def test_the_fingerprint_is_the_one_that_openssl_prints(tmp_path: Path) -> None:
    anchor = root()
    path, _ = anchor.write(tmp_path, "root")
    command = ["openssl", "x509", "-in", str(path), "-noout", "-fingerprint", "-sha256"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert anchor.key.fingerprint == "sha256:" + printed.strip().partition("=")[2].replace(":", "").lower()


# --- time and enrolment ---------------------------------------------------------------------------------------------------


def test_a_revoked_enrolment_counts_for_nothing(tmp_path: Path) -> None:
    anchor, signer = below()()
    key = parse_key("x509", anchor.pem, revoked=True)
    assert answer(cms_sign(tmp_path, signer, DATA), [key]) == ("revoked", "key-revoked")


def test_outside_the_window_of_the_enrolment_it_is_expired_unless_our_log_held_it(tmp_path: Path) -> None:
    anchor, signer = below()()
    made = cms_sign(tmp_path, signer, DATA)
    key = parse_key("x509", anchor.pem, valid_until=NOW - timedelta(hours=1))
    assert answer(made, [key]) == ("expired", "key-window")
    assert answer(made, [key], logged_at=NOW - timedelta(hours=2)) == VALID
    assert answer(made, [key], logged_at=NOW - timedelta(minutes=2)) == ("expired", "key-window")


def test_what_our_log_held_while_the_chain_lasted_stays_valid(tmp_path: Path) -> None:
    anchor, signer = below(ends=NOW + DAY)()
    made, later = cms_sign(tmp_path, signer, DATA), NOW + 30 * DAY
    assert answer(made, [anchor.key], now=later) == ("expired", "key-expired")
    assert answer(made, [anchor.key], now=later, logged_at=NOW + timedelta(hours=1)) == VALID
    assert answer(made, [anchor.key], now=later, logged_at=NOW + 2 * DAY) == ("expired", "key-expired")


def test_the_signers_own_time_never_helps_and_after_the_end_speaks_against_it(tmp_path: Path) -> None:
    anchor = root(begins=NOW - 9 * DAY)
    signer = leaf(anchor, begins=NOW - 9 * DAY, ends=NOW - DAY)
    made = cms_sign(tmp_path, signer, DATA)
    assert answer(made, [anchor.key]) == ("invalid", "signed-after-expiry")
    assert answer(made, [anchor.key], now=NOW - 2 * DAY) == VALID


def test_a_weak_certificate_or_one_that_is_none_is_not_enrolled() -> None:
    for text, code in (
        (root(kind="rsa1024").pem, "key-weak"),
        (f"signer: somebody\n{root().pem}", "key-malformed"),
        (f"signer: email:{MAILBOX}\nsigner: email:b@c.example\n{root().pem}", "key-malformed"),
        (f"use: everything\n{root().pem}", "key-malformed"),
        (root().pem + root().pem, "key-malformed"),
        (root().pem.replace("CERTIFICATE", "X509 CRL"), "key-format"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "key-malformed"),
    ):
        with pytest.raises(EvidenceError) as refused:
            key_from_text(text)
        assert refused.value.code == code


def test_sha1_in_the_chain_is_no_chain(tmp_path: Path) -> None:
    anchor = root(kind="rsa2048")
    old = _sha1_by_openssl(tmp_path, anchor)
    assert answer(cms_sign(tmp_path, leaf(old), DATA), [anchor.key]) == UNKNOWN


def _sha1_by_openssl(folder: Path, anchor: Identity) -> Identity:
    certificate, key = anchor.write(folder, "old-root")
    made = middle(anchor)
    _, own = made.write(folder, "old")
    extensions, request, out = folder / "extensions", folder / "request", folder / "old-signed.pem"
    extensions.write_text(
        "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n"
    )
    run = ["openssl", "req", "-new", "-key", str(own), "-subj", "/CN=Issuing", "-out", str(request)]
    subprocess.run(run, check=True, capture_output=True)
    run = ["openssl", "x509", "-req", "-in", str(request), "-CA", str(certificate), "-CAkey", str(key), "-sha1"]
    subprocess.run(
        [*run, "-days", "30", "-extfile", str(extensions), "-out", str(out)], check=True, capture_output=True
    )
    return Identity(x509.load_pem_x509_certificate(out.read_bytes()), made.private, anchor)
