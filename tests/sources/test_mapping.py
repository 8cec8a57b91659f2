"""sources/mapping.py"""

import pytest

from federation.cli.import_.mapping import load_mapping
from federation.errors import ConfigError
from federation.sources.mapping import join_options, parse_flags

FILE = """
delimiter = ";"
[columns]
tps = "Kode"
"candidates.01" = "A"
"parties.1.caleg.100211" = "B"
[defaults]
form = "plano"
review = "reviewed"
"""


def test_a_mapping_file_names_columns_and_defaults(put):
    options = join_options({}, load_mapping(put(FILE, "m.toml")))
    assert options.delimiter == ";"
    assert options.form == "plano"
    assert options.source == "observer"  # not said: the default of the project
    assert options.columns["parties.1.caleg.100211"] == "B"


def test_flags_win_over_the_mapping_file(put):
    flags = {"form": "salinan", "review": None, "columns": parse_flags(["tps=#2"])}
    options = join_options(flags, load_mapping(put(FILE, "m.toml")))
    assert (options.form, options.review) == ("salinan", "reviewed")
    assert options.columns["tps"] == "#2"
    assert options.columns["candidates.01"] == "A"


def test_bare_figures_and_candidates_are_understood():
    assert parse_flags(["suara_sah=Sah", "01=Suara = A", "tps=Kode"]) == {
        "figures.suara_sah": "Sah",
        "candidates.01": "Suara = A",
        "tps": "Kode",
    }


def test_an_empty_name_leaves_a_member_out():
    options = join_options({"columns": parse_flags(["revision=", "tps=Kode"])}, None)
    assert options.left_out == {"revision"}
    assert options.read == {"tps": "Kode"}


@pytest.mark.parametrize("flag", ["tps", "=", "=x", "suara=x", "figures.x=y", ""])
def test_a_flag_that_means_nothing_is_refused(flag):
    with pytest.raises(ConfigError):
        parse_flags([flag])


@pytest.mark.parametrize(
    "text",
    [
        "columns = 1",
        "[columns]\nsuara = 'x'",
        "[columns]\ntps = 3",
        "[defaults]\nwarna = 'x'",
        "kolom = {}",
        "not toml",
        "\0",
    ],
)
def test_a_mapping_file_that_means_nothing_is_refused_with_its_name(put, text):
    path = put(text, "m.toml")
    with pytest.raises(ConfigError) as error:
        load_mapping(path)
    assert error.value.path == str(path)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_mapping_file_as_an_editor_of_windows_saves_it_is_read(put, encoding):
    assert load_mapping(put(FILE.encode(encoding), "m.toml")).columns["tps"] == "Kode"


def test_a_mapping_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigError):
        load_mapping(tmp_path / "none.toml")


@pytest.mark.parametrize(
    "flags", [["01=A", "01=B"], ["candidates.01=A", "01=B"], ["1=A", "01=B"]]
)
def test_a_member_that_is_named_twice_is_refused(flags):
    with pytest.raises(ConfigError, match="said twice: 'A' and 'B'"):
        parse_flags(flags)


def test_a_ballot_number_in_flags_and_files_has_two_digits(put):
    assert parse_flags(["3="]) == {"candidates.03": ""}
    file = load_mapping(put('[columns]\n"candidates.3" = "C"\n', "m.toml"))
    assert file.columns == {"candidates.03": "C"}
    with pytest.raises(ConfigError, match="said twice"):
        load_mapping(
            put('[columns]\n"candidates.3" = "C"\n"candidates.03" = "D"\n', "m.toml")
        )
