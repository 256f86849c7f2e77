"""Signing with keys that only OpenSSH reaches: in an agent, on a security key, RSA and ECDSA (`ssh-keygen -Y sign`, fixed arguments)."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from transparency.proofs.errors import EvidenceError, UnavailableError

# Somebody may have to find and touch a security key.
SIGN_SECONDS = 120


def sign_with_ssh_keygen(key: Path, namespace: str, message: bytes) -> bytes:
    """The armoured signature (`ssh-keygen-missing`, `signing-refused`); ssh-keygen asks for passphrases itself."""
    with tempfile.TemporaryDirectory(prefix="sign-") as folder:
        target = Path(folder) / "message"
        target.write_bytes(message)
        command = ["ssh-keygen", "-Y", "sign", "-n", namespace, "-f", str(key), str(target)]
        try:
            done = subprocess.run(command, capture_output=True, check=False, timeout=SIGN_SECONDS)
        except FileNotFoundError as error:
            raise UnavailableError(
                "ssh-keygen-missing", expected="ssh-keygen (openssh-client)", found="none"
            ) from error
        except subprocess.TimeoutExpired as error:
            raise UnavailableError("signing-refused", expected="a signature in two minutes", found="none") from error
        signature = target.with_name("message.sig")
        if done.returncode or not signature.exists():
            reason = done.stderr.decode(errors="replace").strip()[-200:]
            raise EvidenceError("signing-refused", expected="a signature by ssh-keygen", found=reason)
        return signature.read_bytes()
