"""The how-to of importing, typed command by command at a home with such files."""

import json
import re

import pytest

from tests import homes
from tests.docs.typed import PAGES, commands_of, type_line

CODES = [f"1371011001{number:03}" for number in range(1, 8)]
PAIRS = {
    "3207": {
        "1000561": {"nama": "ANA - AMIR", "nomor_urut": 2},
        "1000562": {"nama": "BUDI - BEJO", "nomor_urut": 1},
    }
}
ROWS = "kode_tps,paslon_01,paslon_02,sah\n" + "".join(
    f"{code},100,50,150\n" for code in (*CODES[:3], CODES[6])
)
FILES = {
    "results.csv": ROWS,
    "hasil.csv": ROWS,
    "data.csv": "Lokasi;Suara A;Valid;Cuaca;Suara B\n" + f"{CODES[3]};10;30;hujan;20\n",
    "register.csv": "kode_tps\n" + "".join(f"{code}\n" for code in CODES),
    "paslon_pkwkp.json": json.dumps({"32": PAIRS["3207"]}),
    "paslon_pkwkk.json": json.dumps(PAIRS),
}


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("page", ["import-results.md", "import-results.id.md"])
def test_every_command_of_importing_can_be_typed(tmp_path, page):
    language = "id" if ".id." in page else "en"
    text = (PAGES / page).read_text(encoding="utf-8")
    results = homes.make_home(tmp_path).folder
    pilkada = homes.make_home(tmp_path, "pilkada.example", "pilkada-2024").folder
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    (mapping,) = re.findall(r"(?s)```toml\n(.*?)```\n", text)
    (name,) = re.findall(r"`--mapping (\S+)`", text)
    (tmp_path / name).write_text(mapping)
    typed = commands_of(page)
    assert sum(not command.is_named for command in typed) >= 9
    for line, is_named in typed:
        home = pilkada if "pilkada" in line else results
        given = re.sub(r"\b(?:FILE|BERKAS)\b", "bundle.zip", line)
        given = f"{given} --help" if is_named else given
        code, output = type_line(given, tmp_path, home, language)
        assert code == 0, f"{line}\n{output}"
    again = f"federation import data.csv --mapping {name} --json"
    outcomes = []
    for _ in range(2):
        code, output = type_line(again, tmp_path, results, language)
        assert code == 0, output
        outcomes.append(json.loads(output[output.index("{") :])["rows"])
    assert (outcomes[0]["logged"], outcomes[1]["logged"]) == (1, 0)
    code, output = type_line(
        f"federation show {CODES[6]} --json", tmp_path, results, language
    )
    assert code == 0, output
    assert json.loads(output[output.index("{") :])["contests"][0]["status"] == "missing"
