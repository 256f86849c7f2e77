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

This is a {visibility} dossier: what a stranger needs to check, without a network and without the
centre that made it, where this release comes from, who read its source, how much of it, and that
all of it was logged.
{privacy}
What it is about

  product   {product} {release} by {vendor}
  source    manifest {manifest}
            git tree {git_tree}
  log       {origin}

Check it

  1. Get verify.py from somewhere else than this file: from the project's own releases, or from
     somebody you trust. The copy in here is for convenience. Whoever doubts the dossier does not
     run what is inside it.
  2. Get a trust file (the keys of the log, the vendor and the authorities) by a way of its own,
     and compare its fingerprints by another channel: by telephone, on paper, on the holders' own
     pages. keys.json in here is only what the centre states.
  3. Run

       python3 verify.py dossier.zip --trust trust.json

     and with a file that you have, to see whether it is in the chain:

       python3 verify.py dossier.zip FILE --trust trust.json

     Exit code 0: every link holds and what your trust file requires is met. 1: a link failed, and
     it is named. 2: unusable input. 3: no trust file; consistent in itself, origin not established.
     4: the links hold, a requirement is not met.

Check single links by hand, in the folder that the zip was unpacked into

  The source. The digest must be the manifest's above; each line is mode, SHA-256, size, path.

       sha256sum manifest.txt

  The log. deliveries/01/leaf.json holds the digest of record.json (for a restricted product: a
  commitment to it, which opening.json opens). proof.tlog-proof (c2sp.org/tlog-proof) leads from
  the leaf to log/checkpoint, a note signed by the log's key.

       sha256sum deliveries/01/record.json

  The vendor's signature. signature.1 is the vendor's own file, over the archive that record.json
  names. Put the vendor's key into allowed_signers ("{vendor} ssh-ed25519 AAAA..."), or use
  gpg --verify, or minisign -V, as the key's kind asks.

       ssh-keygen -Y verify -f allowed_signers -I {vendor} -n file -s deliveries/01/signature.1 < ARCHIVE
{statements}
What it does not show

  {not_shown}
  It shows who stated to have read how much, and that nobody changed it since. It is as of its
  checkpoint: what was withdrawn later cannot be seen offline.
"""
_PRIVACY = """\

RESTRICTED. This file opens what the public log holds only as commitments, and it lists every file
of the source by name, size and digest. Give it to nobody who may not know these.
"""
_STATEMENTS = """
  A person's statement. record.json is a DSSE envelope around an in-toto statement. These lines take
  out what was signed and the signature, and check it by an SSH key (other kinds of keys sign the
  same bytes). The namespace belongs to this log and to nothing else.

       python3 -c 'import base64, json
       e = json.load(open("attestations/01/record.json"))
       p, t = base64.b64decode(e["payload"]), e["payloadType"].encode()
       open("pae", "wb").write(b"DSSEv1 %d %s %d %s" % (len(t), t, len(p), p))
       open("sig", "wb").write(base64.b64decode(e["signatures"][0]["sig"]))'
       (echo "-----BEGIN SSH SIGNATURE-----"; base64 sig; echo "-----END SSH SIGNATURE-----") > pae.sig
       ssh-keygen -Y verify -f allowed_signers -I {authority} -n {namespace} -s pae.sig < pae

  Keys that the statements in here name:

{named}"""


def write_readme(*, release: Release, snapshot: Snapshot, visibility: str, ring: KeyRing) -> bytes:
    """Return the text, the same for the same release and keys."""
    product = release.product
    title = f"How to check {product.slug} {release.version}"
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
        statements=_statements(ring),
        not_shown=NOT_SHOWN,
    ).encode()


def _statements(ring: KeyRing) -> str:
    if not ring.authorities:
        return ""
    return _STATEMENTS.format(
        authority=ring.authorities[0].name,
        namespace=attestation_namespace(ring.origin),
        named="".join(
            f"       {holder.name}: {key.format} {key.fingerprint}\n"
            for holder in ring.authorities
            for key in holder.keys
        ),
    )
