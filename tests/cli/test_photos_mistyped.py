"""A digest or region that is mistyped: what it is, and where the right one is found."""

import pytest

DIGEST = "5f" * 32
TPS = "1371011001001"


@pytest.mark.parametrize("typed", ["5f5f5f", DIGEST + "5f", "g" * 64, "foto.jpg"])
@pytest.mark.parametrize(
    "words",
    [("photos", "fetch"), ("photos", "remove", "--reason", "bukan foto formulir")],
)
def test_what_is_no_digest_is_refused_with_where_one_is_found(
    own_home, federation, words, typed
):
    for language, says in (("en", "is no SHA-256"), ("id", "bukan SHA-256")):
        code, out, err = federation(*words, typed, "--lang", language)
        assert (code, out) == (2, "")
        assert says in err
        assert "federation show TPS --json" in err
        assert "^[" not in err


@pytest.mark.parametrize("typed", ["Poso", "7", "7202-01"])
def test_what_is_no_region_is_refused_with_an_example(own_home, federation, typed):
    words = ("photos", "fetch", "--election", "pilpres-2019", "--region", typed)
    code, _, err = federation(*words, "--lang", "id")
    assert code == 2
    assert "bukan awal kode TPS" in err


@pytest.mark.parametrize("typed", ["72.02.01", "7202011001", "7202011001001"])
def test_a_region_is_read_as_it_is_written(own_home, federation, typed):
    words = ("photos", "fetch", "--election", "pilpres-2019", "--region", typed)
    assert federation(*words)[0] == 0


def test_a_digest_that_nothing_names_is_not_said_to_be_held(own_home, federation):
    code, out, _ = federation("photos", "fetch", DIGEST, "--lang", "id")
    assert code == 1
    assert "Tidak ada catatan mitra" in out


def test_a_folder_of_photos_that_no_row_names_is_told(own_home, federation, tmp_path):
    table, photos = tmp_path / "results.csv", tmp_path / "photos"
    photos.mkdir()
    table.write_text(f"kode_tps,01,02,gambar\n{TPS},61,98,1.jpg\n")
    words = ("import", "--election", "pilpres-2019", "--contest", "ppwp", table)
    ended = federation(*words, "--photos", photos, "--lang", "id")
    assert ended.code == 0
    assert "--map photos=KOLOM" in ended.out + ended.err
