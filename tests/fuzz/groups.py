"""Targets that are fuzzed in one process, by the name of the group: what shares code shares a corpus.

Slow ones (whole dossiers, libraries, children) stand apart, so that they do not starve the quick ones.
"""

from __future__ import annotations

GROUPS: dict[str, tuple[str, ...]] = {
    "tar": ("tar", "tar_summed", "streams", "gzip_members", "gzip", "zst_frames"),
    "zip": ("zipfile", "zip_entries"),
    "xz": ("xz", "xz_streams"),
    "wall": ("contained_intake", "contained_verdict", "contained_message"),
    "documents": (
        "canonical", "manifest", "container", "dossier", "file_table", "escaping", "times", "paths", "checksums",
        "dossier_index",
    ),
    "records": (
        "delivery_record", "builds_record", "event_record", "envelope", "statement", "predicate", "trust", "key_ring",
    ),
    "log": ("leaf", "opening", "checkpoint", "note_keys", "log_proof", "tiles"),
    "signatures": ("sshsig", "sshsig_blob", "minisign", "signify", "cosign", "openpgp", "judge"),
    "x509": ("cms", "certificate", "timestamp"),
    "keys": (
        "ssh_key", "ssh_key_blob", "minisign_key", "minisign_secret", "signify_key", "keys", "pem_blob", "openpgp_key",
        "openpgp_blob",
    ),
    "certificates": ("openpgp_check", "openpgp_library"),
    "debian": ("cleartext", "dsc", "series", "patch_text", "patch_apply", "overlay"),
    "git": ("git_tag", "git_commit", "git_tree", "git_bundle"),
    "packages": ("package_metadata", "purl", "rpm_header", "cpio_members"),
    "sboms": ("sbom", "sbom_lines"),
    "readers": ("readers",),
    "verifiers": ("verifiers", "dossier_bytes", "hostile_centre"),
}  # fmt: skip


def group_of(target: str) -> str:
    """The group that a target belongs to."""
    return next(name for name, members in GROUPS.items() if target in members)
