"""Set-up of tests/bench/pages.py in a data folder of its own: `python -m tests.bench.pages_setup ARCHIVE LINES…`; one line of JSON at the end."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "transparency.settings")
django.setup()

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core.management import call_command

from reviews.services.write_note import write_note
from tests.reviews.conftest import engage
from transparency.models import Organisation, Person, Release
from transparency.proofs.escaping import escape_path
from transparency.queries import open_file_table
from transparency.session_times import BEGAN, USED

NOTES = 20


def main() -> None:
    archive, lines = Path(sys.argv[1]), [int(number) for number in sys.argv[2:]]
    call_command("migrate", verbosity=0)
    call_command("init", origin="log.bench.test/source", stdout=sys.stderr)
    call_command("collectstatic", verbosity=0, interactive=False)
    release = _imported(archive)
    authority = Organisation.objects.create(slug="agency", name="Agency", kind=Organisation.Kind.AUTHORITY)
    person = Person.objects.create_user("reader", password=secrets.token_hex(12), organisation=authority)
    engagement = engage(person, release)
    if release.subject is None:
        raise SystemExit("nothing was imported")
    files = {}
    for wanted in lines:
        sources = [entry for entry in open_file_table(release.subject) if entry.language == "c"]
        entry = min(sources, key=lambda entry: abs(entry.lines - wanted))
        path = escape_path(entry.path)
        files[f"{entry.lines} lines of C"] = path
        for number in range(1, NOTES + 1):
            line = number * entry.lines // (NOTES + 1)
            write_note(
                person=person, engagement=engagement, path=path, start=line, end=line, text=f"Why this? {number}"
            )
    print(json.dumps({"base": f"/products/bench/{release.version}/", "files": files, "cookie": _session(person)}))


def _imported(archive: Path) -> Release:
    key = Path(settings.HOME) / "bench-key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    signature = subprocess.run(
        ["ssh-keygen", "-Y", "sign", "-n", "file", "-f", str(key)],
        stdin=archive.open("rb"),
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    key.with_suffix(".sig").write_bytes(signature)
    command = [
        sys.executable, "manage.py", "import_snapshot", str(archive), "--product", "bench", "--release", "1",
        "--signature", str(key.with_suffix(".sig")), "--key", f"{key}.pub", "--json",
    ]  # fmt: skip
    subprocess.run(command, check=True, stdout=sys.stderr)
    return Release.objects.select_related("product__vendor", "subject").get()


def _session(person: Person) -> str:
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store[SESSION_KEY] = str(person.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = person.get_session_auth_hash()
    store[BEGAN] = store[USED] = time.time()
    store.create()
    return f"{settings.SESSION_COOKIE_NAME}={store.session_key}"


if __name__ == "__main__":
    main()
