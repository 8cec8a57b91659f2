"""How many bytes, as people read them: in steps of 1,024, as in `df -h`."""

from typing import Final

_MB: Final = 1 << 20
#: From here on the megabytes are too many to be read.
_IN_GB: Final = 10 << 30


def tell_size(count: int) -> str:
    """`count` bytes, rounded up: nothing that is there is "0 MB"."""
    unit, name = (_MB << 10, "GB") if count >= _IN_GB else (_MB, "MB")
    return f"{-(-count // unit)} {name}"
