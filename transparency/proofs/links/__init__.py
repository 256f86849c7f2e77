"""The links of a dossier's chain, one noun a file; verification.py walks them (docs/formats.md section 12)."""
