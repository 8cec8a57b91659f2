"""Patterns of many stations together, beside honest counts made up on the spot.

Rule: each pattern says what it counts, what honest counts of the same stations come to,
and what it cannot prove; it is a reason to open forms, never a verdict, and no colour
of the map. Whoever holds the same figures and the same list of stations is told the
same: the seed is the digest of the votes that are looked at.

    reading   the stations of a region as patterns look at them, and the seed
    part      what the stations of a kabupaten come to, and each honest count of them
    answers   the patterns of a region, as the API tells them, in words
    rows      the stations that a pattern names, as rows

Source: docs/explanation/patterns.md
"""
