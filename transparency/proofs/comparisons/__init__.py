"""How two trees differ: from their file tables alone (tables), by rules over bytes (contents, attributes), what is kept of it (result)."""
