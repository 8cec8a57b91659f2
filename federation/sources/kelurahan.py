"""A table that joins somebody's own numbers of kelurahan to the codes of KPU.

    id,kode_kelurahan
    42324,1371011001

Rule: names are not compared, since many kelurahan bear one name. A number that is there
twice with different codes is an error.
"""

import re

from federation.errors import FormatError
from federation.sources.csv import CsvTable
from federation.sources.row import Bad, Remark, clip
from federation.sources.stream import SourceFile
from federation.text import Sentence

CODE = re.compile(r"[0-9]{10}|99[0-9A-Z]{2}[0-9]{6}")
_SPELLINGS = {"id": "id", "kode_kelurahan": "code", "kode": "code", "code": "code"}


def read_codes(source: SourceFile) -> dict[str, str]:
    """Their number, as text → the code of ten characters.

    Raises:
        FormatError: The table has other columns, or a row that means nothing.
    """
    table = CsvTable(source)
    columns = {
        _SPELLINGS[name]: at
        for at, header in enumerate(table.header)
        if (name := header.strip().lower()) in _SPELLINGS
    }
    if columns.keys() != {"id", "code"}:
        raise FormatError(Sentence("kawalpemilu.codes-header"), source.label)
    codes: dict[str, str] = {}
    for line in table.rows():
        if isinstance(line, Remark):
            continue
        if isinstance(line, Bad):
            reason = Sentence(
                "kawalpemilu.codes-broken", row=line.row, reason=line.reason
            )
            raise FormatError(reason, source.label)
        key = line.cells[columns["id"]].strip()
        text = line.cells[columns["code"]].strip()
        code = text.replace(".", "").upper()
        if not CODE.fullmatch(code):
            reason = Sentence("kawalpemilu.codes-row", row=line.row, value=clip(text))
            raise FormatError(reason, source.label)
        if codes.setdefault(key, code) != code:
            reason = Sentence("kawalpemilu.codes-twice", row=line.row, id=clip(key))
            raise FormatError(reason, source.label)
    return codes
