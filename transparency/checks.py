"""System checks: production refuses what only the embedded size may have."""

from __future__ import annotations
