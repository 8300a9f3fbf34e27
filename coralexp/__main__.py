"""`python -m coralexp`."""

from __future__ import annotations

import sys

from coralexp.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
