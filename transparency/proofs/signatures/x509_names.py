"""Name constraints of X.509 authorities (RFC 5280 section 4.2.1.10): which names may stand in the certificates below them.

Honoured for e-mail addresses, DNS names, URIs and directory names. A constraint on another kind of name refuses every certificate that
has a name of that kind. Certificates that an authority issues to itself are not exempt.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.x509.oid import NameOID

from transparency.proofs.errors import EvidenceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transparency.proofs.signatures.certificate import Certificate

_CODE = "chain-names"
# The host of a URI, after what may stand before an "@" and before a port; one with another character than names have is none.
_AUTHORITY = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([A-Za-z0-9.-]+)(?::[0-9]*)?(?:[/?#]|\Z)", re.ASCII)


def check_names(path: Sequence[Certificate]) -> None:
    """Raise `chain-names` unless each certificate (the signer's first) has only names that every authority above it permits."""
    for place, authority in enumerate(path):
        constraints = authority.extension(x509.NameConstraints)
        if constraints is None:
            continue
        for certificate in path[:place]:
            for name in _names(certificate):
                _check(name, constraints)


def _check(name: x509.GeneralName, constraints: x509.NameConstraints) -> None:
    same_kind = [each for each in constraints.permitted_subtrees or () if type(each) is type(name)]
    if same_kind and not any(_lies_in(name, each) for each in same_kind):
        raise EvidenceError(_CODE, expected="a name that the authority permits", found=_words(name))
    excluded = [each for each in constraints.excluded_subtrees or () if type(each) is type(name)]
    if any(_lies_in(name, each, unknown=True) for each in excluded):
        raise EvidenceError(_CODE, expected="a name that the authority does not exclude", found=_words(name))


def _names(certificate: Certificate) -> list[x509.GeneralName]:
    found: list[x509.GeneralName] = []
    if list(certificate.x509.subject):
        found.append(x509.DirectoryName(certificate.x509.subject))
    alternative = certificate.extension(x509.SubjectAlternativeName)
    found += alternative or ()
    if not any(isinstance(name, x509.RFC822Name) for name in found):
        held = certificate.x509.subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS)
        found += [_address(str(each.value)) for each in held]
    return found


def _address(text: str) -> x509.RFC822Name:
    try:
        return x509.RFC822Name(text)
    except ValueError as error:
        raise EvidenceError(_CODE, expected="an e-mail address", found=text[:80]) from error


def _lies_in(name: x509.GeneralName, subtree: x509.GeneralName, *, unknown: bool = False) -> bool:
    """`unknown` is the answer for kinds that are not honoured: what refuses."""
    if isinstance(name, x509.DirectoryName) and isinstance(subtree, x509.DirectoryName):
        wanted = list(subtree.value.rdns)
        return list(name.value.rdns)[: len(wanted)] == wanted
    if isinstance(name, x509.DNSName) and isinstance(subtree, x509.DNSName):
        return _below(name.value, subtree.value.removeprefix("."))
    if isinstance(name, x509.RFC822Name) and isinstance(subtree, x509.RFC822Name):
        return _mailbox_lies_in(name.value, subtree.value)
    if isinstance(name, x509.UniformResourceIdentifier) and isinstance(subtree, x509.UniformResourceIdentifier):
        host = _host(name.value)
        return _host_lies_in(host, subtree.value) if host else unknown
    return unknown


def _mailbox_lies_in(mailbox: str, subtree: str) -> bool:
    local, _, host = mailbox.rpartition("@")
    if "@" in subtree:
        wanted, _, domain = subtree.rpartition("@")
        return (local, host.lower()) == (wanted, domain.lower())
    return _host_lies_in(host, subtree)


def _host(uri: str) -> str | None:
    authority = _AUTHORITY.match(uri)
    return authority[1] if authority else None


def _host_lies_in(host: str, subtree: str) -> bool:
    """A subtree that begins with a dot means the hosts below it, another one that host."""
    if subtree.startswith("."):
        return host.lower().endswith(subtree.lower())
    return host.lower() == subtree.lower() or not subtree


def _below(host: str, domain: str) -> bool:
    return not domain or f".{host.lower()}".endswith(f".{domain.lower()}")


def _words(name: x509.GeneralName) -> str:
    return f"{type(name).__name__} {name.value!s}"[:200]
