"""A register of polling stations, from a table or from ranges in JSON.

Rule: names and voters are shown to people, codes decide; a row whose code cannot be
read is refused by its number, a code that is there twice counts once and is said.

    kode_tps,provinsi,kabupaten,kecamatan,kelurahan,dpt_l,dpt_p
    1371011001001,SUMATERA BARAT,KOTA PADANG,PADANG SELATAN,BELAKANG PONDOK,102,105

    {"id2name": {"13": "SUMATERA BARAT", …}, "tps": {"1371011001": [4, 901, 902], …}}

In the second form `[3]` is 1 … 3, `[4, 901, 902]` is 1 … 4 and 901 … 902, and `[-26]`
is number 26 alone.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from federation.errors import FormatError, RecordError
from federation.records.canonical import check_text
from federation.records.register import Register
from federation.records.tps import TpsId, format_tps
from federation.sources.cell import parse_count, parse_place
from federation.sources.columns import guess, join_columns
from federation.sources.json import read_members
from federation.sources.mapping import Options
from federation.sources.row import Bad, BadCell, Said, clip
from federation.sources.stream import Source
from federation.sources.tablelines import read_table

MAX_NAME = 100
