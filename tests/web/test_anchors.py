"""The page of a product's keys: who changes them, what is refused in which words, and what everybody may read."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.proofs.signatures.test_openpgp_key import BAD, packet
from tests.signers import MinisignSigner, OpenPgpSigner
from tests.web.posts import check_refusals
from tests.x509 import root
from transparency.models import Event, Grant, Organisation, TrustAnchor
from transparency.permissions import Right
from transparency.proofs.signatures.openpgp import armour
from transparency.proofs.signatures.openpgp_key import PRIMARY
from transparency.services.enrol_anchor import enrol_product_anchor
from transparency.services.enrolled_keys import enrolled_keys
from transparency.services.ensure_release import ensure_release
from transparency.services.keep_key_ids import keep_key_ids

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.cast import Cast, Key
    from tests.web.conftest import Browse
    from transparency.models import Release

pytestmark = pytest.mark.django_db(transaction=True)
PLACE = "/products/widget/-/keys/"
SMALL_ORDER = bytes([1] + [0] * 31)
NON_CANONICAL = (2**255 - 19 + 3).to_bytes(32, "little")


def ssh_line(public: bytes) -> str:
    kind = b"ssh-ed25519"
    blob = len(kind).to_bytes(4, "big") + kind + len(public).to_bytes(4, "big") + public
    return f"ssh-ed25519 {base64.b64encode(blob).decode()}"


def ssh_rsa(bits: int, exponent: int) -> str:
    fields = [value.to_bytes(value.bit_length() // 8 + 1, "big") for value in (exponent, (1 << (bits - 1)) | 1)]
    blob = b"".join(len(field).to_bytes(4, "big") + field for field in (b"ssh-rsa", *fields))
    return f"ssh-rsa {base64.b64encode(blob).decode()}"


def openpgp(case: str) -> str:
    algorithm, material, version, _, _ = BAD[case]
    return armour(packet(PRIMARY, algorithm, material, version))


@pytest.fixture
def release(cast: Cast) -> Release:
    return ensure_release(vendor="acme", product="widget", version="1.0", restricted=False)


@pytest.fixture
def anchor(cast: Cast, release: Release) -> TrustAnchor:
    return enrol_product_anchor(product=release.product, public_text=cast.vendor_key.public, enrolled_by=cast.vendor)


@pytest.fixture
def hidden(cast: Cast) -> TrustAnchor:
    """A key of a restricted product."""
    product = ensure_release(vendor="acme", product="vault", version="9.9", restricted=True).product
    return enrol_product_anchor(product=product, public_text=cast.vendor_key.public, enrolled_by=cast.vendor)


def state(anchor: TrustAnchor) -> object:
    return list(TrustAnchor.objects.values_list("pk", "revoked_at")), Event.objects.count()


def test_the_list_says_what_each_key_counts_for_and_who_enrolled_it(browse: Browse, anchor: TrustAnchor) -> None:
    page = browse("vera").get(PLACE).content.decode()
    for text in (anchor.fingerprint, ">in use<", "SSH, for file", "<bdi>Vera</bdi>", ", alone", "by one person alone"):
        assert text in page, text


def test_a_pasted_key_is_enrolled_with_its_window_and_namespaces(
    browse: Browse, anchor: TrustAnchor, keys: Mapping[str, Key]
) -> None:
    data = {"public": keys["outsider"].public, "namespaces": ["file", "git"], "valid_from": "2026-01-01"}
    client = browse("vera")
    answer = client.post(PLACE, data | {"valid_until": "2030-12-31"})
    assert answer.headers["Location"] == PLACE
    new = TrustAnchor.objects.latest("pk")
    assert new.namespaces == ["file", "git"]
    assert (str(new.valid_from), str(new.valid_until)) == ("2026-01-01 00:00:00+00:00", "2030-12-31 23:59:59+00:00")
    page = client.get(PLACE).content.decode()
    assert f"Enrolled {new.fingerprint}." in page
    assert "SSH, for file and git" in page


def test_a_key_in_a_file_is_enrolled_by_the_operator_as_well(
    browse: Browse, anchor: TrustAnchor, tmp_path: Path
) -> None:
    signer = MinisignSigner(tmp_path)
    file = SimpleUploadedFile("vendor.pub", signer.public.read_bytes())
    answer = browse("olga").post(PLACE, {"file": file})
    assert answer.status_code == 302
    assert TrustAnchor.objects.latest("pk").fingerprint == signer.key.fingerprint


def test_the_six_checks_of_enrolling(browse: Browse, anchor: TrustAnchor, keys: Mapping[str, Key]) -> None:
    check_refusals(
        browse,
        PLACE,
        {"public": keys["outsider"].public, "namespaces": "file"},
        allowed="vera",
        strangers=(),
        forbidden=("anna", "stan"),
        unchanged=lambda: state(anchor),
        missing="/products/nothing/-/keys/",
        has_page=True,
    )


class TestCertificates:
    def test_an_authority_is_enrolled_for_the_signer_that_is_named_with_it(
        self, browse: Browse, anchor: TrustAnchor
    ) -> None:
        authority, client = root(), browse("vera")
        answer = client.post(PLACE, {"public": authority.pem, "signer": "email:release@vendor.example"})
        assert answer.headers["Location"] == PLACE
        new = TrustAnchor.objects.latest("pk")
        assert (new.format, new.fingerprint) == ("x509", f"{authority.key.fingerprint}#email:release@vendor.example")
        page = client.get(PLACE).content.decode()
        assert "X.509 certificate" in page
        assert "#email:release@vendor.example" in page
        file = client.get(f"{PLACE}{new.pk}/")
        assert authority.pem in file.content.decode()
        name = authority.key.fingerprint.partition(":")[2]
        assert file.headers["Content-Disposition"] == f'attachment; filename="{name}.pem"'

    def test_one_of_time_stamps_is_enrolled_as_that(self, browse: Browse, anchor: TrustAnchor) -> None:
        authority = root()
        assert browse("vera").post(PLACE, {"public": authority.pem, "time_stamps": "on"}).status_code == 302
        [key] = enrolled_keys(TrustAnchor.objects.filter(format="x509"))
        assert key.is_for_time_stamps

    def test_what_cannot_be_said_of_a_key_is_refused_and_nothing_is_enrolled(
        self, browse: Browse, anchor: TrustAnchor, keys: Mapping[str, Key]
    ) -> None:
        before, pem = state(anchor), root().pem
        cases: list[tuple[dict[str, str], str]] = [
            (
                {"public": keys["outsider"].public, "namespaces": "file", "signer": "email:a@b.example"},
                "X.509 certificates only",
            ),
            ({"public": keys["outsider"].public, "namespaces": "file", "time_stamps": "on"}, "X.509 certificates only"),
            ({"public": pem, "signer": "email:a@b.example", "time_stamps": "on"}, "one of the two"),
            ({"public": pem, "signer": "Vendor Ltd"}, "cannot be read"),
            ({"public": root(kind="rsa1024").pem}, "too weak"),
            ({"public": pem + pem}, "cannot be read"),
        ]
        for data, words in cases:
            answer = browse("vera").post(PLACE, data)
            assert answer.status_code == 422
            assert words in answer.content.decode(), words
        assert state(anchor) == before

    def test_a_certificate_signs_no_statements(self, browse: Browse, cast: Cast) -> None:
        answer = browse("anna").post("/keys/", {"public": root().pem})
        assert answer.status_code == 422
        assert "Keys of this kind are not accepted." in answer.content.decode()
        assert not cast.auditor.anchors.filter(format="x509").exists()


@pytest.mark.parametrize("person", ["stan", "anna", "bela"])
@pytest.mark.parametrize("action", ["", "{}/", "{}/replace/", "{}/revoke/"])
def test_keys_of_a_hidden_product_are_404(browse: Browse, hidden: TrustAnchor, person: str, action: str) -> None:
    place = f"/products/vault/-/keys/{action.format(hidden.pk)}"
    assert browse(person).get(place).status_code == 404
    assert browse(person).post(place, {}).status_code in {404, 405}


@pytest.mark.parametrize("action", ["replace", "revoke"])
def test_the_six_checks_of_replacing_and_revoking(
    browse: Browse, anchor: TrustAnchor, keys: Mapping[str, Key], action: str
) -> None:
    replace = {"public": keys["outsider"].public, "changes_on": "2026-12-01"}
    revoke = {"revocation": "retired", "reason": "gone", "certain": "on"}
    check_refusals(
        browse,
        f"{PLACE}{anchor.pk}/{action}/",
        (replace if action == "replace" else revoke),
        allowed="vera",
        strangers=(),
        forbidden=("anna", "stan"),
        unchanged=lambda: state(anchor),
        missing=f"{PLACE}9999/{action}/",
        has_page=True,
    )


def test_a_key_of_another_product_is_not_reached_through_ones_own(
    browse: Browse, anchor: TrustAnchor, hidden: TrustAnchor
) -> None:
    for action in ("", "replace/", "revoke/"):
        assert browse("vera").get(f"{PLACE}{hidden.pk}/{action}").status_code == 404, action


def test_a_right_to_one_release_does_not_reach_the_keys(
    browse: Browse, cast: Cast, anchor: TrustAnchor, release: Release
) -> None:
    Grant.objects.create(person=cast.stranger, release=release, rights=[Right.DELIVER])
    assert browse("stan").get(PLACE).status_code == 403
    Grant.objects.create(person=cast.stranger, product=release.product, rights=[Right.DELIVER])
    assert browse("stan").get(PLACE).status_code == 200


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Paste the key, or choose its file"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nx\n", "This is a private key."),
        ("nonsense", "This is not a public key of a kind that we know."),
        ("ssh-ed25519 AAAA", "This public key cannot be read."),
        (ssh_line(SMALL_ORDER), "Expected: a point of large order. Found: a point of small order."),
        (ssh_line(NON_CANONICAL), "Expected: a canonical point. Found: a non-canonical encoding."),
        ("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----", "cannot be read"),
        ("ssh-dss AAAAB3NzaC1kc3MAAACB", "Found"),
        (ssh_rsa(1024, 65537), "Expected: an RSA key of 2048 to 16384 bits. Found: 1024 bits."),
        (ssh_rsa(2048, 1), "Expected: an RSA key. Found: e must be"),
        (ssh_rsa(2048, 65536), "Expected: an RSA key. Found: e must be odd."),
        (openpgp("short RSA"), "too weak to be enrolled. Expected: RSA of 2048 bits or more"),
        (openpgp("RSA whose modulus is shorter than it claims"), "Expected: a number of 2048 bits, as it says."),
        (openpgp("RSA with exponent 1"), "Expected: an odd exponent of 3 or more. Found: 1."),
        (openpgp("DSA"), "Found: DSA."),
        (openpgp("EdDSA of small order"), "Expected: a point of large order. Found: a point of small order."),
        (openpgp("v6 Ed25519 of zeros"), "Expected: a point of large order. Found: a point of small order."),
        (openpgp("ElGamal, which signs nothing"), "Expected: a key that can sign"),
        (openpgp("ECDH, which signs nothing"), "Keys of this kind are not accepted."),
        ("<b>\u202e", "Found: &#x27;&lt;b&gt;\\u202e&#x27;."),
    ],
)
def test_each_bad_key_is_refused_in_plain_words(browse: Browse, anchor: TrustAnchor, text: str, said: str) -> None:
    before = state(anchor)
    answer = browse("vera").post(PLACE, {"public": text, "namespaces": ["file"]})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page
    assert 'href="#id_public"' in page
    assert "<b>\u202e" not in page
    assert state(anchor) == before


@pytest.mark.parametrize("case", ["short RSA", "EdDSA of small order", "RSA that only encrypts"])
def test_a_bad_key_replaces_nothing_and_is_no_auditors_either(browse: Browse, anchor: TrustAnchor, case: str) -> None:
    before = state(anchor)
    data = {"public": openpgp(case), "changes_on": "2026-12-01"}
    assert browse("vera").post(f"{PLACE}{anchor.pk}/replace/", data).status_code == 422
    assert browse("anna").post("/keys/", {"public": openpgp(case)}).status_code == 422
    assert state(anchor) == before


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"namespaces": []}, "namespaces"),
        ({"namespaces": ["source-review@log.centre.test/source"]}, "namespaces"),
        ({"valid_from": "2030-01-01", "valid_until": "2029-01-01"}, "valid_until"),
        ({"valid_from": "soon"}, "valid_from"),
        ({"file": SimpleUploadedFile("x.pub", b"x")}, "public"),
    ],
)
def test_what_is_wrong_beside_the_key_is_pointed_at(
    browse: Browse, anchor: TrustAnchor, keys: Mapping[str, Key], wrong: dict[str, object], field: str
) -> None:
    before = state(anchor)
    data = {"public": keys["outsider"].public, "namespaces": ["file"], **wrong}
    answer = browse("vera").post(PLACE, data)
    assert (answer.status_code, state(anchor)) == (422, before)
    assert f'href="#id_{field}' in answer.content.decode()


def test_replacing_shows_both_keys_with_their_day(browse: Browse, anchor: TrustAnchor, keys: Mapping[str, Key]) -> None:
    data = {"public": keys["outsider"].public, "changes_on": "2026-12-01", "reason": "yearly"}
    client = browse("vera")
    assert client.post(f"{PLACE}{anchor.pk}/replace/", data).headers["Location"] == PLACE
    page = client.get(PLACE).content.decode()
    assert ">replaced<" in page
    assert page.count("2026-12-01 00:00 UTC") == 2
    assert "yearly" in page
    assert "is not in use any more" in client.get(f"{PLACE}{anchor.pk}/replace/").content.decode()


@pytest.mark.parametrize("wrong", [{"changes_on": "9999-01-01"}, {"changes_on": ""}, {"public": "nonsense"}])
def test_a_wrong_replacement_changes_nothing(
    browse: Browse, anchor: TrustAnchor, keys: Mapping[str, Key], wrong: dict[str, str]
) -> None:
    before = state(anchor)
    data = {"public": keys["outsider"].public, "changes_on": "2026-12-01", **wrong}
    assert browse("vera").post(f"{PLACE}{anchor.pk}/replace/", data).status_code == 422
    assert state(anchor) == before


def test_a_key_does_not_replace_itself(browse: Browse, cast: Cast, anchor: TrustAnchor) -> None:
    data = {"public": cast.vendor_key.public, "changes_on": "2026-12-01"}
    page = browse("vera").post(f"{PLACE}{anchor.pk}/replace/", data).content.decode()
    assert "This is the key that is to be replaced." in page


def test_revoking_wants_a_reason_and_a_confirmation(browse: Browse, anchor: TrustAnchor) -> None:
    client, place = browse("vera"), f"{PLACE}{anchor.pk}/revoke/"
    good = {"revocation": "compromised", "reason": "a laptop was stolen <b>", "certain": "on"}
    for wrong in ({"reason": " "}, {"certain": ""}, {"revocation": "lost"}):
        assert client.post(place, good | wrong).status_code == 422, wrong
    anchor.refresh_from_db()
    assert anchor.revoked_at is None
    assert client.post(place, good).status_code == 302
    page = client.get(PLACE).content.decode()
    assert ">revoked as compromised<" in page
    assert "a laptop was stolen &lt;b&gt;" in page
    assert "There is no way back from that." in client.get(place).content.decode()


def test_a_revoked_key_is_not_enrolled_again(browse: Browse, cast: Cast, anchor: TrustAnchor) -> None:
    client = browse("vera")
    client.post(f"{PLACE}{anchor.pk}/revoke/", {"revocation": "retired", "reason": "x", "certain": "on"})
    answer = client.post(PLACE, {"public": cast.vendor_key.public, "namespaces": ["file"]})
    assert answer.status_code == 422
    assert "Once revoked, a key is never enrolled again." in answer.content.decode()


def test_keys_of_the_whole_vendor_are_counted_searched_and_not_changed(
    browse: Browse, cast: Cast, anchor: TrustAnchor
) -> None:
    shared = [_shared(cast.vendor.organisation, OpenPgpSigner(f"Maintainer {number}")) for number in range(11)]
    client = browse("vera")
    page = client.get(PLACE).content.decode()
    assert "11 keys of the kind openpgp" in page
    assert shared[0].fingerprint not in page
    subkey = shared[0].key_ids.exclude(key_id=shared[0].fingerprint[-16:]).first()
    assert subkey is not None
    for asked in (shared[0].fingerprint[:12].lower(), subkey.key_id):
        page = client.get(PLACE, {"q": asked}).content.decode()
        assert shared[0].fingerprint in page
        assert shared[1].fingerprint not in page
    assert "None of them has" in client.get(PLACE, {"q": "<b>ZZ"}).content.decode()
    assert client.get(f"{PLACE}{shared[0].pk}/").status_code == 200
    for action in ("replace", "revoke"):
        assert client.get(f"{PLACE}{shared[0].pk}/{action}/").status_code == 404


def test_everybody_may_have_the_public_half(browse: Browse, cast: Cast, anchor: TrustAnchor) -> None:
    answer = browse(None).get(f"{PLACE}{anchor.pk}/")
    assert answer.content.decode().split() == cast.vendor_key.public.split()[:2]
    assert answer.headers["Content-Disposition"].endswith('.pub"')
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_the_page_of_the_product_tells_everybody_the_state_of_its_keys(browse: Browse, anchor: TrustAnchor) -> None:
    assert ">in use<" in browse(None).get("/products/widget/").content.decode()
    assert PLACE not in browse(None).get("/products/widget/").content.decode().replace(f"{PLACE}{anchor.pk}/", "")
    assert f'href="{PLACE}"' in browse("vera").get("/products/widget/").content.decode()
    browse("vera").post(f"{PLACE}{anchor.pk}/revoke/", {"revocation": "retired", "reason": "x", "certain": "on"})
    assert ">no longer used<" in browse(None).get("/products/widget/").content.decode()


def _shared(vendor: Organisation | None, signer: OpenPgpSigner) -> TrustAnchor:
    assert vendor is not None
    anchor = TrustAnchor.objects.create(
        organisation=vendor, format="openpgp", public=signer.key.public, fingerprint=signer.key.fingerprint
    )
    keep_key_ids(anchor)
    return anchor
