"""Every parser of proofs has a property test; a parser without one cannot be added unnoticed.

A property test is one that hypothesis feeds, or that goes through every mutation of a real value. That it speaks of the parser
that it is listed for is checked too: the test, or what it calls in its own file, must name the function.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import is_hypothesis_test

from transparency import proofs

if TYPE_CHECKING:
    from collections.abc import Iterator

# Parser, by its place in proofs: its property tests, by theirs in tests/proofs.
PROPERTIES = {
    "attest.dsse.parse_envelope": "attest.test_dsse.test_an_envelope_parses_to_itself_and_back",
    "attest.predicates.parse_source_review": "attest.test_predicates.test_a_source_review_parses_to_itself_and_back",
    "attest.statement.parse_statement": "attest.test_statement.test_a_statement_parses_to_itself_and_back",
    "builds.checksums.parse_checksums": "builds.test_checksums.test_any_list_reads_back",
    "canonical.parse_canonical": "test_canonical.test_what_is_written_is_read_again_and_only_so",
    "canonical.parse_json": "test_canonical.test_any_spelling_of_a_value_is_read_as_the_value",
    "comparisons.lines.parse_lines": "comparisons.test_changed.test_changed_lines_of_any_two_texts_read_back",
    "comparisons.result.parse_result": "comparisons.test_changed.test_a_changed_result_is_refused_or_has_one_spelling",
    "container.parse_container": "test_container.test_what_was_formatted_parses_to_the_same_members_and_back",
    "dossier.parse_dossier": "test_dossier.test_what_was_built_parses_to_the_same_parts_and_builds_the_same_bytes",
    "dossier.parse_index": "test_dossier.test_an_index_parses_to_itself_and_back",
    "events.parse_event_record": "test_events.test_an_event_parses_to_itself_and_back",
    "log.checkpoint.parse_checkpoint": "log.test_note.test_checkpoints_round_trip",
    "log.leaf.parse_leaf": "log.test_formats.test_a_leaf_parses_to_itself_and_back",
    "log.leaf.parse_opening": "log.test_formats.test_an_opening_parses_to_itself_and_back",
    "log.note.parse_skey": "log.test_formats.test_a_signing_key_parses_to_itself_and_back",
    "log.note.parse_vkey": "log.test_formats.test_a_verifier_key_parses_to_itself_and_back",
    "log.proof.parse_log_proof": "log.test_formats.test_a_log_proof_parses_to_itself_and_back",
    "log.tiles.parse_entries": "log.test_merkle.test_entry_bundles_round_trip",
    "log.tiles.parse_tile_path": "log.test_merkle.test_tile_names_round_trip",
    "manifest.parse_manifest": "test_manifest.test_any_tree_round_trips",
    "packages.coremetadata.parse_core_metadata": "packages.test_changed.test_changed_core_metadata_is_refused_or_bounded_words",
    "packages.crate.parse_cargo_toml": "packages.test_changed.test_a_changed_cargo_toml_is_refused_or_bounded_words",
    "packages.gomodule.parse_go_mod": "packages.test_changed.test_a_changed_go_mod_is_refused_or_names_a_module_that_stands_in_it",
    "packages.npm.parse_package_json": "packages.test_changed.test_a_changed_package_json_is_refused_or_bounded_words",
    "packages.purl.parse_purl": "packages.test_changed.test_a_package_url_in_any_spelling_is_refused_or_has_one_canonical_form",
    "records.builds.parse_builds_record": "test_records.test_a_builds_record_parses_to_itself_and_back",
    "records.delivery.parse_delivery_record": "test_records.test_a_delivery_record_parses_to_itself_and_back",
    "sbom.document.parse_files": "sbom.test_changed.test_changed_lines_of_files_are_refused_or_have_one_spelling",
    "sbom.reading.parse_sbom": "sbom.test_changed.test_a_changed_bill_is_refused_or_its_files_read_back",
    "signatures.certificate.parse_certificate": "signatures.test_x509.test_a_changed_certificate_is_refused_or_another_one",
    "signatures.certificate.parse_pem_certificate": "signatures.test_x509.test_a_changed_text_of_a_certificate_is_refused_or_another_one",
    "signatures.cms.parse_cms": "signatures.test_cms_confusion.test_a_changed_cms_signature_is_refused_or_signs_the_same_attributes",
    "signatures.cms.parse_signed_data": "signatures.test_cms_confusion.test_a_changed_signed_data_is_refused_by_a_code",
    "signatures.cosign.parse_cosign": "signatures.test_cosign.test_any_signature_parses_to_itself_and_back_and_a_changed_one_is_refused_or_another",
    "signatures.keys.parse_holders": "signatures.test_keys.test_holders_of_keys_of_every_kind_parse_to_themselves_and_back",
    "signatures.keys.parse_key": "signatures.test_keys.test_holders_of_keys_of_every_kind_parse_to_themselves_and_back",
    "signatures.minisign.parse_minisign": "signatures.test_formats.test_a_changed_minisign_signature_is_refused_or_another_one",
    "signatures.minisign.parse_minisign_key": "signatures.test_formats.test_a_changed_line_key_is_refused_or_another_one",
    "signatures.minisign_secret.parse_minisign_secret": "signatures.test_formats.test_a_changed_minisign_secret_is_refused_or_another_number_of_the_same_key",
    "signatures.openpgp.parse_areas": "signatures.test_formats.test_changed_areas_of_an_openpgp_signature_are_refused_or_read_whole",
    "signatures.openpgp.parse_openpgp_signatures": "signatures.test_formats.test_a_changed_openpgp_signature_is_refused_or_says_what_its_packets_say",
    "signatures.openpgp_key.parse_openpgp_certificate": "signatures.test_formats.test_a_changed_openpgp_certificate_is_refused_or_named_by_its_own_keys",
    "signatures.pem.parse_pem_key": "signatures.test_formats.test_a_changed_pem_key_is_refused_or_another_one",
    "signatures.signify.parse_signify": "signatures.test_formats.test_a_signify_signature_parses_to_itself_and_back",
    "signatures.signify.parse_signify_key": "signatures.test_formats.test_a_changed_line_key_is_refused_or_another_one",
    "signatures.sshsig.parse_ssh_public_key": "signatures.test_formats.test_a_changed_ssh_key_is_refused_or_another_one",
    "signatures.sshsig.parse_sshsig": "signatures.test_formats.test_an_ssh_signature_parses_to_itself_and_back_from_its_armour_too",
    "signatures.timestamp.parse_timestamp": "signatures.test_timestamp.test_a_changed_token_is_refused_or_says_the_same_time",
    "signatures.x509_algorithms.parse_signing_key": "signatures.test_x509.test_a_changed_signing_key_is_refused_by_a_code_or_another_one",
    "signatures.x509_anchor.parse_x509_anchor": "signatures.test_x509.test_a_changed_text_of_a_certificate_is_refused_or_another_one",
    "sources.debian.parse_dsc": "sources.test_dsc.test_a_changed_description_is_refused_or_names_what_stands_in_it",
    "sources.gitbundle.parse_bundle": "sources.test_changed_git.test_a_changed_bundle_is_refused_or_every_line_is_a_reference",
    "sources.gitobject.parse_commit": "sources.test_changed_git.test_a_changed_commit_is_refused_or_what_is_signed_says_the_same_without_its_signature",
    "sources.gitobject.parse_object_name": "sources.test_changed_git.test_a_name_of_an_object_is_hex_of_a_length_or_refused",
    "sources.gitobject.parse_tag": "sources.test_changed_git.test_a_changed_tag_is_refused_or_all_of_it_is_signed_or_signature",
    "sources.gittree.parse_tree": "sources.test_changed_git.test_a_changed_tree_is_refused_or_has_one_spelling",
    "sources.patches.parse_patch": "sources.test_patches.test_what_diff_writes_leads_from_one_text_to_the_other",
    "sources.patches.parse_series": "sources.test_patches.test_any_series_of_plain_names_reads_back",
    "sources.rpm.parse_header": "sources.test_changed_rpm.test_a_changed_header_is_refused_or_lies_inside_what_there_is",
    "sources.rpm.parse_rpm": "sources.test_changed_rpm.test_a_changed_source_rpm_is_refused_or_its_payload_follows_its_headers",
    "times.parse_time": "test_times.test_a_time_of_any_year_parses_to_itself_and_back",
    "trust.parse_key_ring": "signatures.test_keys.test_a_key_ring_of_any_holders_parses_to_itself_and_back",
    "trust.parse_trust_file": "test_trust.test_a_trust_file_parses_to_itself_and_back",
}
# Read by another name, and tested so.
WALKERS = {
    "sources.zstframes.count_frames": "sources.test_zstframes.test_a_changed_file_is_refused_or_ends_where_its_last_frame_does",
    "links.dsc.signed_text": "sources.test_dsc.test_a_changed_clear_signed_description_is_refused_or_its_text_is_the_one_inside",
    "escaping.unescape_path": "test_escaping.test_what_is_accepted_has_one_spelling_only",
}
# Parts of records, which take the fields of an object that was read already: the records' own properties cover them.
PARTS = {
    "records.git.parse_git",
    "records.parts.parse_archive",
    "records.parts.parse_signatures",
    "records.parts.parse_verdict",
}
_PREFIX = f"{proofs.__name__}."


def parsers() -> Iterator[str]:
    for module_info in pkgutil.walk_packages(proofs.__path__, _PREFIX):
        module = importlib.import_module(module_info.name)
        for name, found in inspect.getmembers(module, inspect.isfunction):
            if name.startswith("parse_") and found.__module__ == module.__name__:
                yield f"{module.__name__}.{name}".removeprefix(_PREFIX)


def found_at(place: str) -> Any:
    module, _, name = place.rpartition(".")
    return getattr(importlib.import_module(f"tests.proofs.{module}"), name)


def names_in(test: Any) -> set[str]:
    """Every name that the test uses, and that the functions of its file use which it calls."""
    inner = test.hypothesis.inner_test if is_hypothesis_test(test) else test
    seen, found, waiting = set(), set[str](), [inner.__code__]
    while waiting:
        code = waiting.pop()
        if code in seen:
            continue
        seen.add(code)
        found |= {*code.co_names}
        waiting += [constant for constant in code.co_consts if inspect.iscode(constant)]
        for name in code.co_names:
            called = inner.__globals__.get(name)
            if inspect.isfunction(called) and called.__module__ == inner.__module__:
                waiting.append(called.__code__)
    return found


def test_every_parser_of_proofs_has_a_property_test() -> None:
    assert set(parsers()) == set(PROPERTIES) | PARTS


@pytest.mark.parametrize(("parser", "place"), sorted((PROPERTIES | WALKERS).items()))
def test_the_property_test_of_a_parser_is_one_and_speaks_of_it(parser: str, place: str) -> None:
    test = found_at(place)
    used = names_in(test)
    assert is_hypothesis_test(test) or "accepted" in used
    assert parser.rpartition(".")[2] in used
