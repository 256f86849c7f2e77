"""The README.txt of a dossier: how to check it without us, with commands to copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transparency.proofs.attest.dsse import attestation_namespace
from transparency.proofs.attest.predicates import NOT_SHOWN

if TYPE_CHECKING:
    from transparency.models import Release, Snapshot
    from transparency.proofs.trust import KeyRing

_TEXT = """\
{title}
{underline}

This is a {visibility} dossier: what a stranger needs to check, without a network and without the centre that made it,
where this release comes from, who read its source, how much of it, and that all of it was logged.
{privacy}
What it is about

  product   {product} {release} by {vendor}
  source    manifest {manifest}
            git tree {git_tree}
  log       {origin}

Check it

  1. Get verify.py from somewhere else than this file: from the project's own releases, or from somebody you trust.
     The copy in here is for convenience. Whoever doubts the dossier does not run what is inside it.
  2. Get a trust file (the keys of the log, the vendor and the authorities) by a way of its own, and compare the
     fingerprints in it by another channel: by telephone, on paper, on the authority's own pages. keys.json in here is
     only what the centre states.
  3. Run

       python3 verify.py dossier.zip --trust trust.json
       python3 verify.py dossier.zip FILE --trust trust.json      with a file that you have, to see whether it is in the chain

     Exit code 0: every link holds and what your trust file requires is met. 1: a link failed, and it is named.
     2: unusable input. 3: without a trust file; consistent in itself, origin not established.
     4: the links hold, a requirement is not met.

Check links by hand

  the source     sha256sum manifest.txt
                 The digest is {manifest}. Each line names a file: mode, SHA-256, size, path.
  a record       sha256sum deliveries/01/record.json
                 Its digest (or, for a restricted product, a commitment to it) is in deliveries/01/leaf.json, and
                 deliveries/01/proof.tlog-proof leads from that leaf to log/checkpoint (c2sp.org/tlog-proof).
  a signature    deliveries/01/signature.1 is the vendor's own file over the archive that record.json names. For SSH:
                   ssh-keygen -Y verify -f allowed_signers -I {vendor} -n file -s signature.1 < ARCHIVE
                 for OpenPGP: gpg --verify signature.1 ARCHIVE, for minisign: minisign -V -p KEY -x signature.1 -m ARCHIVE
  a statement    attestations/01/record.json is a DSSE envelope. The signed bytes are "DSSEv1 28 application/vnd.in-toto+json",
                 a space, the payload's length, a space and the payload. SSH keys sign in the namespace
                   {namespace}
{statements}
What it does not show

  {not_shown}
  It shows who stated to have read how much, and that nobody changed it since. It is as of its checkpoint: what was
  withdrawn later cannot be seen offline.
"""
_PRIVACY = """\

RESTRICTED: this file opens what the public log holds only as commitments, and it lists every file of the source by name,
size and digest. Give it to nobody who may not know these.
"""


def write_readme(*, release: Release, snapshot: Snapshot, visibility: str, ring: KeyRing) -> bytes:
    """Return the text, the same for the same release and keys."""
    product = release.product
    title = f"How to check {product.slug} {release.version}"
    named = "".join(
        f"                   {holder.name}: {key.format} {key.fingerprint}\n"
        for holder in ring.authorities
        for key in holder.keys
    )
    statements = f"                 Keys named by the statements in here:\n{named}" if named else ""
    return _TEXT.format(
        title=title,
        underline="=" * len(title),
        visibility=visibility,
        privacy=_PRIVACY if product.is_restricted else "",
        product=product.slug,
        release=release.version,
        vendor=product.vendor.slug,
        manifest=snapshot.manifest,
        git_tree=snapshot.git_tree,
        origin=ring.origin,
        namespace=attestation_namespace(ring.origin),
        statements=statements,
        not_shown=NOT_SHOWN,
    ).encode()
