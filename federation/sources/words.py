"""What people call the rounds, contests, forms, sources and reviews: words → ours.

Rule: a word means one thing or is not here: a figure in the wrong contest or round
would be worse than none. Compared in lower case, blanks as one. Shown to people in
docs/reference/import.md.
"""

from collections.abc import Mapping

from federation.records.result import CONTESTS, ROUNDS

FORMS = ("plano", "salinan", "unknown")
SOURCES = ("citizen", "observer", "kpu")
REVIEWS = ("reviewed", "unreviewed")

# What people and KPU call the rounds (docs/reference/domain.md).
ROUND_NAMES: Mapping[str, str] = {
    **{name: name for name in ROUNDS},
    "penghitungan suara ulang": "hitung-ulang",
    "penghitungan suara susulan": "susulan",
    "pemungutan suara susulan": "susulan",
    "pemungutan suara lanjutan": "lanjutan",
    "pemungutan suara ulang": "psu",
    "hitung ulang": "hitung-ulang",
    "pemungutan ulang": "psu",
}
# The same of the contests; a figure for the wrong one would be worse than none.
CONTEST_NAMES: Mapping[str, str] = {
    **{name: name for name in CONTESTS},
    "presiden": "ppwp",
    "pilpres": "ppwp",
    "president": "ppwp",
    "presiden dan wakil presiden": "ppwp",
    "presiden & wakil presiden": "ppwp",
    "dpr": "pdpr",
    "dpr ri": "pdpr",
    "dpd": "pdpd",
    "dpd ri": "pdpd",
    "dprd provinsi": "pdprdp",
    "dprd prov": "pdprdp",
    "dprd kabupaten": "pdprdk",
    "dprd kota": "pdprdk",
    "dprd kab/kota": "pdprdk",
    "dprd kabupaten/kota": "pdprdk",
    "gubernur": "pkwkp",
    "pilgub": "pkwkp",
    "gubernur dan wakil gubernur": "pkwkp",
    "bupati": "pkwkk",
    "bupati dan wakil bupati": "pkwkk",
    "wali kota dan wakil wali kota": "pkwkk",
    "walikota dan wakil walikota": "pkwkk",
    "wali kota": "pkwkk",
    "walikota": "pkwkk",
    "pilbup": "pkwkk",
    "pilwalkot": "pkwkk",
}
FORM_NAMES: Mapping[str, str] = {
    **{name: name for name in FORMS},
    "c plano": "plano",
    "c1 plano": "plano",
    "c.plano": "plano",
    "c1-plano": "plano",
    "c.hasil plano": "plano",
    "c hasil plano": "plano",
    "c salinan": "salinan",
    "c1 salinan": "salinan",
    "c.hasil salinan": "salinan",
    "c hasil salinan": "salinan",
    "tidak diketahui": "unknown",
}
SOURCE_NAMES: Mapping[str, str] = {
    **{name: name for name in SOURCES},
    "pemantau": "observer",
    "warga": "citizen",
    "masyarakat": "citizen",
    "sirekap": "kpu",
    "situng": "kpu",
}
REVIEW_NAMES: Mapping[str, str] = {
    **{name: name for name in REVIEWS},
    "diperiksa": "reviewed",
    "sudah diperiksa": "reviewed",
    "belum diperiksa": "unreviewed",
}


def name_contest(text: str) -> str:
    """The contest that people call so; what is none stays as it is."""
    return CONTEST_NAMES.get(" ".join(text.lower().split()), text)
