"""Certificates and what is enrolled of them: every change is refused by a code, or is another certificate."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.proofs.mutations import accepted, of_text
from tests.x509 import MAILBOX, Identity, leaf, new_key, root
from transparency.proofs.errors import EvidenceError
from transparency.proofs.signatures.certificate import (
    format_pem_certificate,
    parse_certificate,
    parse_pem_certificate,
)
from transparency.proofs.signatures.keys import key_from_text, parse_key
from transparency.proofs.signatures.x509_algorithms import parse_signing_key
from transparency.proofs.signatures.x509_anchor import format_x509_anchor, parse_x509_anchor
from transparency.proofs.signatures.x509_names import check_names
from transparency.proofs.signatures.x509_path import find_path

KEY_CODES = {"key-malformed", "key-type", "key-weak"}


@pytest.fixture(scope="module")
def anchor() -> Identity:
    return root()


def test_a_changed_certificate_is_refused_or_another_one(anchor: Identity) -> None:
    """And no changed one is below its authority any more."""
    signer, above = leaf(anchor), parse_certificate(anchor.der)
    whole = parse_certificate(signer.der)
    assert find_path(whole, (), above)
    for mutated, found in accepted(signer.der, parse_certificate, {"certificate-malformed"}):
        assert found.der == mutated
        assert found != whole
        assert find_path(found, (), above) is None


def test_a_changed_text_of_a_certificate_is_refused_or_another_one(anchor: Identity) -> None:
    pem = format_pem_certificate(parse_certificate(anchor.der))
    assert parse_pem_certificate(pem).der == anchor.der
    for text in (pem, f"signer: email:{MAILBOX}\n{pem}", f"use: time-stamps\n{pem}"):
        whole = parse_x509_anchor(text)
        assert format_x509_anchor(whole) == text
        for _, found in accepted(text.encode(), of_text(parse_x509_anchor), KEY_CODES):
            assert parse_x509_anchor(format_x509_anchor(found)) == found
            assert (found == whole) == (found.fingerprint == whole.fingerprint)


@pytest.mark.parametrize("kind", ["p256", "ed25519", "rsa2048"])
def test_a_changed_signing_key_is_refused_by_a_code_or_another_one(kind: str) -> None:
    spki = new_key(kind).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    whole = parse_signing_key(spki)
    for _, found in accepted(spki, parse_signing_key, KEY_CODES):
        assert type(found) is type(whole)


def test_keys_that_are_too_weak_or_sign_nothing_are_refused() -> None:
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, x25519

    small = new_key("rsa1024").public_key()
    curve = ec.generate_private_key(ec.SECP192R1()).public_key()
    for key, code in (
        (small, "key-weak"),
        (curve, "key-type"),
        (dsa.generate_private_key(2048).public_key(), "key-type"),
        (x25519.X25519PrivateKey.generate().public_key(), "key-type"),
    ):
        with pytest.raises(EvidenceError) as refused:
            parse_signing_key(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
        assert refused.value.code == code


def test_the_certificate_in_an_enrolled_text_is_the_file_of_any_tool(anchor: Identity) -> None:
    key = key_from_text(f"\nsigner: email:{MAILBOX}\r\n" + anchor.pem.replace("\n", "\r\n") + "\n")
    assert key.fingerprint.endswith(f"#email:{MAILBOX}")
    assert parse_key("x509", key.public) == key
    assert not key.is_for_time_stamps
    assert key_from_text(f"use: time-stamps\n{anchor.pem}").is_for_time_stamps


def subtrees(*names: x509.GeneralName, excluded: bool = False) -> Identity:
    constraints = x509.NameConstraints(None, names) if excluded else x509.NameConstraints(names, None)
    return root(more=[(constraints, True)])


MAIL, DNS, URI = x509.RFC822Name, x509.DNSName, x509.UniformResourceIdentifier


@pytest.mark.parametrize(
    ("subtree", "name", "inside"),
    [
        (MAIL("vendor.example"), MAIL("a@vendor.example"), True),
        (MAIL("vendor.example"), MAIL("a@VENDOR.example"), True),
        (MAIL("vendor.example"), MAIL("a@b.vendor.example"), False),
        (MAIL(".vendor.example"), MAIL("a@b.vendor.example"), True),
        (MAIL(".vendor.example"), MAIL("a@vendor.example"), False),
        (MAIL("a@vendor.example"), MAIL("b@vendor.example"), False),
        (MAIL("vendor.example"), MAIL("a@notvendor.example"), False),
        (DNS("vendor.example"), DNS("vendor.example"), True),
        (DNS("vendor.example"), DNS("a.vendor.example"), True),
        (DNS("vendor.example"), DNS("notvendor.example"), False),
        (DNS("vendor.example"), DNS("vendor.example.evil.example"), False),
        (URI("vendor.example"), URI("https://vendor.example/x"), True),
        (URI("vendor.example"), URI("https://vendor.example@evil.example/"), False),
        (URI(".vendor.example"), URI("https://a.vendor.example:8443/"), True),
        (URI("vendor.example"), URI("urn:vendor.example"), False),
    ],
)
def test_names_lie_in_a_permitted_subtree_or_not(
    subtree: x509.GeneralName, name: x509.GeneralName, *, inside: bool
) -> None:
    for excluded in (False, True):
        authority = subtrees(subtree, excluded=excluded)
        path = [parse_certificate(each.der) for each in (leaf(authority, names=(name,)), authority)]
        refused = inside if excluded else not inside
        # A URI without a host lies in no subtree, permitted or excluded: it is refused by both.
        if refused or (isinstance(name, URI) and name.value.startswith("urn:")):
            with pytest.raises(EvidenceError, match="chain-names"):
                check_names(path)
        else:
            check_names(path)


def test_a_constraint_on_names_of_a_kind_that_is_not_honoured_refuses_them() -> None:
    import ipaddress

    number = x509.IPAddress(ipaddress.ip_address("10.0.0.1"))
    for excluded in (False, True):
        authority = subtrees(x509.IPAddress(ipaddress.ip_network("10.0.0.0/8")), excluded=excluded)
        named, unnamed = (
            parse_certificate(leaf(authority, names=names).der) for names in ((number,), (MAIL(MAILBOX),))
        )
        check_names([unnamed, parse_certificate(authority.der)])
        with pytest.raises(EvidenceError, match="chain-names"):
            check_names([named, parse_certificate(authority.der)])
