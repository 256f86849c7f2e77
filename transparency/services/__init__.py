"""Writes: one verb a file, one public function (a close pair at most), keyword-only, one transaction each, effects on commit."""
