"""`python -m transparency.client` is the console script `transparency`."""

from __future__ import annotations

import sys

from transparency.client.main import main

sys.exit(main())
