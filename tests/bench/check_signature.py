"""Report: an OpenPGP signature over a large file, ours in its sandbox against `sqv`, in one run.

    python -m tests.bench.check_signature FILE [--pairs 3]

Ours is everything from open file to verdict: sandbox, digests of the signature's own kind, keys, steps, with a contained process ready as
in a worker. The file's other digests were computed while it was received. Ratios count; absolute figures are this machine's.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from transparency.gateways.parsing import judge_signatures
from transparency.gateways.sandbox import Bounds, Meter, choose_sandbox
from transparency.proofs.signatures.judge import FileDigests
from transparency.proofs.signatures.keys import key_from_text


def gpg(home: Path, *arguments: str) -> bytes:
    command = ["gpg", "--homedir", str(home), "--batch", "--yes", "--passphrase", "", *arguments]
    return subprocess.run(command, check=True, capture_output=True).stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--pairs", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        home = Path(name)
        home.chmod(0o700)
        gpg(home, "--quick-gen-key", "bench <bench@bench.test>", "rsa3072", "sign", "never")
        (home / "key.gpg").write_bytes(gpg(home, "--export"))
        key = key_from_text(gpg(home, "--armor", "--export").decode())
        signature = gpg(home, "--detach-sign", "--output", "-", str(given.file))
        (home / "sig").write_bytes(signature)
        with given.file.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").digest()
        digests = FileDigests(given.file.stat().st_size, sha256, bytes(64), bytes(64))
        for number in range(given.pairs):
            sandbox = replace(choose_sandbox("auto", Bounds()), ready=True)
            sandbox.prepare()
            time.sleep(1)
            start, meter = time.monotonic(), Meter()
            with given.file.open("rb") as stream:
                verdict = judge_signatures(
                    sandbox, [signature], stream, digests, [key], now=datetime.now(UTC), meter=meter
                )
            ours = time.monotonic() - start
            time.sleep(1)  # until the next process is ready
            start = time.monotonic()
            command = ["sqv", "--keyring", str(home / "key.gpg"), str(home / "sig"), str(given.file)]
            peer = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            _, status, usage = os.wait4(peer.pid, 0)
            peer.returncode = status
            theirs = time.monotonic() - start
            print(
                f"run {number + 1}: {verdict.outcome}; ours wall {ours:.2f} s, CPU {meter.cpu_seconds:.2f} s, {meter.peak_bytes >> 20} MiB; "
                f"sqv wall {theirs:.2f} s, CPU {usage.ru_utime + usage.ru_stime:.2f} s: wall x{ours / theirs:.2f} (goal at most 1.20)"
            )


if __name__ == "__main__":
    main()
