"""`CITATION.cff`: how a package is cited, and whose data it is.

Source: https://citation-file-format.github.io, version 1.2.0
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from federation.flows.dataset.packagefile import PackageOrigin
from federation.flows.query.answers import Source


def format_citation(
    title: str, origin: PackageOrigin, sources: Sequence[Source], made: datetime
) -> bytes:
    """The file, as YAML.

    Args:
        title: Of the data.
        origin: What they were made from: the digest of the map is their version.
        sources: The logs, whose organisations are the authors.
        made: When, in UTC.
    """
    names = sorted({source.name or source.org for source in sources})
    lines = [
        "cff-version: 1.2.0",
        "message: If you use these data, please cite them, and keep their licence.",
        "type: dataset",
        f"title: {_text(title)}",
        f"version: {_text(origin.map.digest)}",
        f"date-released: {made:%Y-%m-%d}",
        "authors:",
        *(f"  - name: {_text(name)}" for name in names or ["-"]),
        "identifiers:",
        "  - type: other",
        f"    value: {_text(f'sha256:{origin.map.digest}')}",
        "    description: digest of the merged map, made of signed records",
    ]
    licences = sorted({source.licence for source in sources if source.licence})
    if licences:
        lines += ["license:", *(f"  - {_text(licence)}" for licence in licences)]
    return ("\n".join(lines) + "\n").encode()


def _text(value: str) -> str:
    """A YAML scalar: JSON strings are such, whatever is in them."""
    return msgspec.json.encode(value).decode()
