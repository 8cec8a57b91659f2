"""Last and second digits of votes, and how often each would stand there by chance.

Rule: counted of numbers of two digits or more, as a single digit is its own last one
and has no second. What is expected is a yardstick, no law: whoever shows it says so, as
the numbers of small stations follow neither exactly (docs/explanation/pictures.md).

Source: docs/explanation/pictures.md, "Sources"
"""

from math import log10
from typing import Final

#: The smallest number whose digits are counted.
LEAST: Final = 10
DIGITS: Final = tuple(range(10))
#: How often each last digit is expected: one as often as another.
UNIFORM: Final = tuple(0.1 for _ in DIGITS)
#: How often each second digit is expected by Benford's law.
BENFORD_SECOND: Final = tuple(
    sum(log10(1 + 1 / (10 * first + second)) for first in range(1, 10))
    for second in DIGITS
)


def last_digit(number: int) -> int | None:
    """The last digit of a number; None: it is not counted."""
    return number % 10 if number >= LEAST else None


def second_digit(number: int) -> int | None:
    """The second digit of a number; None: it is not counted."""
    return int(str(number)[1]) if number >= LEAST else None
