"""Files that build tools copy into releases, read out of distribution packages: what is known by digest needs no believing by name."""
