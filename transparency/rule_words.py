"""What each rule about members of an archive guards against, in one sentence for people (proofs/sources, EDGES, Names and trees)."""

from __future__ import annotations

from transparency.errors import sentence_for

_RULES = {
    "duplicate-path": "Two members have the same path, and tools differ in which of them they keep.",
    "file-and-folder": "One name is a file and a folder at once, and no tree can hold both.",
    "flags-more": "More is kept and flagged than is listed; this counts what is not.",
    "git-file-large": "A file that git itself reads is too large to be looked at, so nobody could say what git would make of it.",
    "hard-link-outside": "A hard link names something that is no earlier file of this archive.",
    "limit-content": "The content is more than one delivery may hold.",
    "limit-cpu": "Reading the archive used more computing time than one delivery may.",
    "limit-member": "One file is larger than a file may be.",
    "limit-members": "There are more members than one delivery may hold.",
    "limit-memory": "Reading the archive needed more memory than it may.",
    "limit-names": "The names alone are more than one delivery may hold.",
    "limit-output": "Reading the archive wrote more than it may.",
    "limit-ratio": "It unpacks to far more than source ever does: such archives are made to fill disks.",
    "limit-time": "Reading the archive took longer than it may.",
    "name-backslash": "A backslash is part of the name here, and a separator of folders on Windows.",
    "name-c1": "The name has control characters that terminals obey.",
    "name-collision": "Some systems take these names for one and the same, and keep one of the files only.",
    "name-drive": "The name begins like a drive of Windows.",
    "name-invisible": "The name has characters that are not seen, or that change the direction of writing.",
    "name-reserved": "Windows reserves this name for a device.",
    "name-separator": "The name has a character that ends a line or a paragraph.",
    "name-trailing": "Windows drops the dot or the space at the end of this name.",
    "name-utf8": "The name is not UTF-8, so programs show it in different ways.",
    "no-files": "There is no file in it.",
    "path-absolute": "The path is absolute: unpacked by a careless tool, it would lie anywhere on the machine.",
    "path-component-long": "A part of the path is longer than file systems allow.",
    "path-control": "The path has control characters.",
    "path-deep": "The path has more folders than a path may.",
    "path-dot": "The path has a component that is a single dot.",
    "path-dotdot": "The path climbs out of its folder: unpacked by a careless tool, it would overwrite other files.",
    "path-empty": "A part of the path is empty.",
    "path-git": "git takes this name for its own folder, where a file can become a command.",
    "path-git-folder": "A folder stands where git expects a file of its own.",
    "path-git-hard-link": "A link stands where git expects a file of its own.",
    "path-git-symlink": "A symbolic link stands where git expects a file of its own.",
    "path-long": "The path is longer than file systems allow.",
    "stream-concatenated": "The compressed file is several in a row; it was read as one.",
    "stream-malformed": "The compressed data are damaged.",
    "stream-trailing": "There are bytes after the end of the compressed data, which no tool shows.",
    "stream-truncated": "The compressed data end before their end.",
    "symlink-outside": "A symbolic link leads out of the tree. It is kept as text and never followed.",
    "symlink-target": "The target of a symbolic link is no path.",
    "tar-checksum": "A header of the tar does not add up.",
    "tar-end-missing": "The tar does not end as a tar ends.",
    "tar-header": "A header is of no tar format that we read.",
    "tar-meta": "An extension header says something that tools read in different ways.",
    "tar-size": "A size is impossible, or two headers disagree about it.",
    "tar-trailing": "There are bytes after the end of the tar, which no tool shows.",
    "tar-truncated": "The tar ends in the middle of a member.",
    "unsupported-member": "It is neither a file nor a folder nor a link: devices, sockets and sparse files are no source.",
}


def rule_sentence(rule: str) -> str:
    """One sentence; for a rule without one, its name as words."""
    return _RULES.get(rule) or sentence_for(rule)
