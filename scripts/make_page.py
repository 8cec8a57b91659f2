"""Write docs/verify.html: the page that checks evidence in a browser.

Run it after a change of `federation/verifier` or of a type: `make docs`. A test
compares what it makes with what is there.
"""

from pathlib import Path
from typing import Final

from federation import verifier

FILE: Final = Path(__file__).resolve().parent.parent / "docs" / "verify.html"


if __name__ == "__main__":
    FILE.write_bytes(verifier.page())
