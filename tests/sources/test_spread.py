"""Whoever reads the rows of a file, and in whichever blocks, the same rows come out."""

import pickle

import pytest

from federation.errors import ConfigError, FormatError
from federation.sources.mapping import Options
from federation.sources.recognise import open_file, read_rows, recognise
from federation.sources.row import Bad, Remark
from tests.sources import hostile, shapes

#: Times without a zone, in a zone of its own: told once, with how many there were.
ELSEWHERE = "tps,01,02,observed_at\n" + "".join(
    f"91710110010{n:02},1,2,2019-04-17 13:00:00\n" for n in range(1, 8)
)
TEXTS = {
    "rows": hostile.HEADER
    + "".join(f"{row}\n{hostile.GOOD}" for _, row, _ in hostile.ROWS),
    "lines": hostile.GOOD_LINE
    + "\n  \n"
    + "".join(f"{line}\n{hostile.GOOD_LINE}" for _, line, _ in hostile.LINES),
    "a value over several lines": '{\n"tps":"1371011001001",\n"candidates":{"01":1}}\n',
    "an array": f"[{hostile.GOOD_LINE},{hostile.GOOD_LINE}]",
    "other members": '{"kode_tps":"1371011001001","paslon_01":7,"paslon_02":8}\n' * 5,
    "another zone": ELSEWHERE,
    **{shape.name: shape.text for shape in shapes.TABLES},
    **{name: text for name, text, _ in hostile.FILES},
}


def in_blocks(size):
    """As other processes read: nothing crosses but what can, of one state each."""

    def spread(read, items, _):
        rest = list(items)
        for at in range(0, len(rest), size):
            block = pickle.loads(pickle.dumps(rest[at : at + size]))
            # Packed as late as a pool may: after this process has read some itself.
            sent = read if at % 2 else pickle.loads(pickle.dumps(read))
            yield pickle.loads(pickle.dumps(sent(block)))

    return spread


def _read(path, profile, spread):
    rows = []
    try:
        with open_file(path, None) as source:
            kind = recognise(source)
            rows.extend(read_rows(source, kind, Options(), profile, spread=spread))
    except FormatError as error:
        rows.append(str(error))
    return rows


@pytest.mark.parametrize("name", TEXTS)
def test_what_others_read_is_what_one_process_reads(put, profiles, name):
    path, profile = put(TEXTS[name]), profiles[shapes.ELECTION]
    here = _read(path, profile, None)
    assert here
    for size in (1, 3):
        assert _read(path, profile, in_blocks(size)) == here


def test_these_texts_have_refusals_and_a_remark_of_the_whole(put, profiles):
    profile = profiles[shapes.ELECTION]
    for name, given in (("rows", hostile.ROWS), ("lines", hostile.LINES)):
        rows = _read(put(TEXTS[name]), profile, None)
        assert sum(isinstance(row, Bad) for row in rows) == len(given)
    assert isinstance(_read(put(ELSEWHERE), profile, None)[-1], Remark)


def test_a_default_that_no_result_has_is_told_alike(put, profiles):
    path, profile = put(TEXTS["lines"]), profiles["pemilu-2024"]
    told = []
    for spread in (None, in_blocks(3)):
        with open_file(path, None) as source:
            wrong = Options(contest="no-such")
            rows = read_rows(source, "ndjson", wrong, profile, spread=spread)
            with pytest.raises(ConfigError) as refused:
                next(rows)
            told.append(str(refused.value))
    assert told[0] == told[1]
