"""What the headers of tables mean to us: the names that people give their columns.

Rule: data, and one function that asks it. A header is compared in lower case, its
punctuation as `_` (`Suara Sah` = `suara_sah`), and means one thing or nothing; what
would follow from a guess (a wrong station, another candidate's votes) is not guessed:
`No` is a running number unless the operator says that it is a station's. Shown to
people in docs/reference/import.md, which is printed from here.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from federation.records.result import FIGURES
from federation.sources.mapping import PHOTOS, TEXTS
from federation.sources.numbered import (
    NOTHING,
    Guess,
    HeaderNames,
    find_candidate,
    find_party,
    normalise,
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


RUNNING: Final = "running"  # counts the rows of a list: no part of a result
PLAIN_TPS: Final = "tps?"  # a code, or the number beside a kelurahan's code
PLAIN_CODE: Final = "kode?"  # a station's code, or a kelurahan's beside a number
PLAIN_NUMBER: Final = "candidate?"  # a candidate in a long table, else a running number
OPTIONAL: Final = (*(name for name in TEXTS if name != "note"), "evidence.sha256")

KNOWN: Final[Mapping[str, tuple[str, ...]]] = {
    target: tuple(names.split())
    for target, names in {
        "tps": "kode_tps kodetps id_tps tps_id tps_code kode_lengkap"
        " kode_lengkap_tps tps_kode kode_tps_13_digit",
        PLAIN_TPS: "tps",
        PLAIN_CODE: "kode code kode_wilayah",
        "kelurahan": "kode_kelurahan kode_kel kode_desa kodekel kodedesa"
        " kode_kelurahan_desa kode_desa_kelurahan kode_kel_desa kode_desa_kel"
        " kelurahan_code kelurahan_id kel_id desa_id village_code",
        "number": "no_tps nomor_tps nomer_tps nama_tps tps_no tps_number tps_nomor"
        " tps_ke nomor_urut_tps no_urut_tps",
        RUNNING: "no nomor nomer nr num number no_baris nomor_baris baris row index",
        "candidate-name": "nama_calon nama_paslon nama_pasangan_calon nama_kandidat"
        " candidate_name",
        "candidate": "calon paslon kandidat pasangan_calon candidate no_paslon"
        " nomor_paslon no_calon"
        " nomor_calon no_urut_paslon nomor_urut_paslon no_urut_calon"
        " nomor_urut_calon id_calon id_paslon candidate_id id_kandidat"
        " no_urut_pasangan_calon nomor_urut_pasangan_calon",
        PLAIN_NUMBER: "no_urut nomor_urut urut",
        "votes": "suara perolehan perolehan_suara votes vote jml_suara suara_calon"
        " suara_paslon suara_kandidat jumlah_perolehan_suara total_perolehan_suara",
        "figures.suara_sah": "sah valid valid_votes total_sah jml_sah jumlah_sah"
        " jumlah_suara_sah total_suara_sah"
        " jml_suara_sah jumlah_seluruh_suara_sah suara_valid",
        "figures.suara_tidak_sah": "tidak_sah invalid invalid_votes tak_sah"
        " total_tidak_sah jml_tidak_sah jumlah_tidak_sah"
        " jumlah_suara_tidak_sah total_suara_tidak_sah jml_suara_tidak_sah"
        " tdk_sah suara_tdk_sah suara_tak_sah",
        "figures.suara_total": "total total_suara total_votes jumlah_suara"
        " jumlah_suara_sah_dan_tidak_sah jumlah_seluruh_suara_sah_dan_suara_tidak_sah",
        "figures.pemilih_dpt_j": "dpt jumlah_dpt pemilih_dpt",
        "figures.pengguna_total_j": "pengguna pengguna_hak_pilih pengguna_total"
        " jumlah_pengguna_hak_pilih",
        "observed_at": "waktu diunggah ts time timestamp uploaded_at waktu_unggah"
        " tanggal_waktu cap_waktu stempel_waktu submissiondate",
        "rejected": "validation_status reviewstate",
        "place.10": "kelurahan desa kelurahan_desa desa_kelurahan kel nama_kelurahan"
        " nama_desa nama_kelurahan_desa nama_desa_kelurahan village",
        "place.6": "kecamatan kec nama_kecamatan district",
        "contest": "pemilihan jenis_pemilihan jenis_pemilu jenis kontes jenis_kontes"
        " jenis_pilkada pilkada pemilu kategori kategori_pemilihan surat_suara"
        " jenis_surat_suara",
        "round": "putaran psu",
        "election": "election election_id",
        "year": "tahun tahun_pemilu tahun_pemilihan year",
        "org": "org",
        "form": "formulir jenis_formulir",
        "source": "sumber",
        "revision": "revisi versi version",
        "evidence.sha256": "sha256",
        "evidence.media_type": "media_type",
        "evidence.size": "size",
        "evidence.page": "page",
    }.items()
}

# What is left out although it is known, and the sentence that says why.
NOT_READ: Final[Mapping[str, frozenset[str]]] = {
    "free-text": _words(
        "catatan keterangan ket note notes komentar comment comments remark remarks"
        " deskripsi description kronologi kejadian kejadian_khusus alasan"
        " informasi_tambahan"
    ),
    "person": _words(
        "nama nama_relawan relawan nama_saksi saksi nama_petugas petugas pengirim"
        " pelapor nama_pelapor username submitted_by submittername submitterid"
        " email e_mail alamat_email email_address surel hp no_hp nomor_hp telepon"
        " no_telepon telp wa no_wa nomor_wa whatsapp no_whatsapp nomor_whatsapp kontak"
        " no_kontak nik no_ktp alamat enumerator deviceid device_id phonenumber phone"
    ),
    "place-name": _words(
        "provinsi nama_provinsi prov propinsi kabupaten kabupaten_kota kab_kota kab"
        " kota kabkota nama_kabupaten nama_kabkota dapil province regency alamat_tps"
        " lokasi_tps"
    ),
    "form-tool": _words(
        "start end today id uuid submission_time status tags"
        " key instanceid meta_instanceid instancename"
        " attachmentspresent attachmentsexpected edits formversion"
        " formdef_version starttime endtime simserial subscriberid deviceinfo"
        " xform_id_string attachments geolocation xform_id"
    ),
}

# Columns that only the tools of ODK and KoboToolbox write: then `a/b` and `a-b` are
# the question `b` in the group `a`. Elsewhere a stroke is a stroke (`Sah/Tidak Sah`).
_SIGNATURES: Final = (
    (
        _words(
            "_id _uuid _submission_time __version__ _xform_id_string _notes"
            " _geolocation meta/instanceID"
        ),
        "/",
    ),
    (_words("meta-instanceID KEY SubmissionDate instanceID"), "-"),
    (_words("__id __system.submissionDate __system.submitterId"), "."),
)
# Of the columns that these tools write for themselves, those that mean something to us.
_TOOLS: Final = {
    "_validation_status": "rejected",
    "_validation_status.label": "rejected",
    "__system.reviewState": "rejected",
    "__system.submissionDate": "observed_at",
}

_BY_NAME: Final = {name: t for t, names in KNOWN.items() for name in names} | {
    **{f"figures_{name}": f"figures.{name}" for name in FIGURES},
    **{name: f"figures.{name}" for name in FIGURES},
    **{name: name for name in TEXTS if name != "note"},
    PHOTOS: PHOTOS,
}
_UNREAD: Final = {name: why for why, names in NOT_READ.items() for name in names}


_OF_TOOL: Final = Guess("", "form-tool")


def separator_of_groups(headers: Iterable[str]) -> str:
    """What stands between a group and its question, if a form's tool wrote these."""
    given = {header.strip() for header in headers}
    for signs, separator in _SIGNATURES:
        if len(signs & given) > 1:
            return separator
    return ""


def guess(
    header: str, names: HeaderNames, *, parties: bool, separator: str = ""
) -> Guess:
    """What a header means to us.

    Args:
        header: As it stands in the file.
        names: Of the candidates or parties of the contest.
        parties: Whether the contest's votes go to parties.
        separator: See `separator_of_groups`.

    Raises:
        OtherCandidateError: Its number and its name are not one candidate's.
    """
    if separator and header.startswith(("_", "meta", "KEY")):
        return Guess(_TOOLS[header]) if header in _TOOLS else _OF_TOOL
    asked = [header]
    if separator and separator in header:
        asked.append(header.rsplit(separator, 1)[1])
    for name in asked:
        meaning = _guess(normalise(name), names, parties=parties, percent="%" in name)
        if meaning.target or meaning.why != "unknown":
            return meaning
    if separator and normalise(header) in NOT_READ["form-tool"]:
        return _OF_TOOL
    return NOTHING


def _guess(name: str, names: HeaderNames, *, parties: bool, percent: bool) -> Guess:
    if name in _BY_NAME:
        return Guess(_BY_NAME[name])
    if _UNREAD.get(name, "form-tool") != "form-tool":
        return Guess("", _UNREAD[name])
    if percent or not name:
        return NOTHING
    return find_party(name, names) if parties else find_candidate(name, names)
