"""How people are named in free text: the patterns of names, and what they stand behind.

Rule: a name is known by what stands before it (a title, a role, a word such as
"bernama"), or by being one that hardly anything else is: a given name or a family's
behind or before another capital. Anything written in capitals may be a place, so what
stands behind the word for a street, a school or a station is none.

    behind a title      Pak Budi, H. Ahmad, Bripka Budi, Bu guru Siti
    behind a role       saksi Budi, namanya Budi, a/n Budi
    a given name        kades Ahmad, Ahmad Lamora
    of a family         Budi Siregar
    of Bali             I Wayan Lamora, Ida Bagus Lamora

Used by `personal.py`, which says how much of this is found.
"""

import re
from typing import Final

from federation.records.givennames import FAMILY_NAMES, GIVEN_NAMES
from federation.records.occurring import alternatives, words

_TITLE: Final = (
    "(?:bapak|bpk|bp|pak|ibu|bu|sdr|sdri|saudara|saudari|mas|mbak|bang|kak|kang|teh"
    "|haji|hajjah|ustadzah|ustadz|ustaz|ust|kyai|kiai|kh|gus|tgh|tgk|teungku|habib|buya"
    "|drs|dra|dr|ir|prof|pdt|pendeta|romo|pastor|pater|suster|bruder|hj|h|tn|tuan|ny"
    "|nyonya|nn|nona|om|tante|daeng|puang|karaeng|raden|baiq|mama|mace|pace"
    "|bung|akang|abah|neng|mbah|eyang|pakde|bude|uda|amang|inang|ompung|opung"
    "|almarhum|alm|bripda|briptu|brigadir|brigpol|bripka|aipda|aiptu|ipda|iptu|akp"
    "|kompol|akbp|kombes|prada|pratu|praka|kopda|koptu|kopka|serda|sertu|serka|serma"
    "|pelda|peltu|letda|lettu|letkol|kapten|mayor|kolonel)"
)
_NOBODY: Final = (
    "tps|kpps|pps|ppk|kpu|kpud|ptps|pkd|pkk|rt|rw|kota|kades|kadus|lurah|camat|bupati"
    "|gubernur|wakil|wali|walikota|kapol[a-z]{2,4}|danramil|dandim|babinsa|bhabinkamtibmas"
    "|ketua|kepala|kadis|sekda|sekdes|presiden|menteri|guru|polisi|bapak|ibu|bu|pak|saksi"
    "|anggota|panwas|panwascam|pengawas|bawaslu|petugas|warga|pemilih|calon|caleg|paslon"
    "|pasangan|dewan|hakim|jaksa|rumah|hamil|bidan|dokter|desa|kelurahan|kecamatan"
    "|kabupaten|provinsi|dusun|dapil|jalan|jl|partai|tim|relawan|pasal|ayat|huruf|uu"
    "|undang|peraturan|form|formulir|model|dan|di|dari|ke|yang|untuk|pada|dengan|oleh"
    "|tersebut|itu|ini|tidak|sudah|telah|akan|juga|belum|tanpa|hadir|mandat|nomor|luar"
    "|dalam|saat|ketika|lalu|karena|saya|kami|dpr|dprd|dpd|asn|pns|tni|polri|capres"
    "|cawapres|perempuan|laki|lansia|ada|adalah|masing|meminta|menolak|membagikan"
    "|buruh|demokrat|garuda|gelora|gerindra|golkar|hanura|nasdem|perindo|ummat|pdip|pkb"
    "|pks|pan|ppp|psi|pbb|berkarya|wib|wita|wit|rp|papua|puskesmas|posyandu"
)
_REAL: Final = rf"(?!(?i:{_NOBODY})\b)"
_MORE: Final = (
    rf"(?: (?:(?:bin|binti|alias|al|el) )?{_REAL}[A-Z][A-Za-z'\u2019.]{{0,24}}){{0,3}}"
)
_INITIALS: Final = r"(?:[A-Z]\. ?){0,2}"
_PARTED: Final = r"(?:\. ?| {1,2})"
_GIVEN: Final = f"(?:{GIVEN_NAMES})"
_CAPITAL: Final = rf"{_REAL}[A-Z][A-Za-z'\u2019]{{1,24}}"
# What says that a name follows; whoever sends a witness is a party, not a person.
_OF_ONE: Final = (
    r"(?i:a[/.]n\.?|atas nama|bernama|dipanggil|panggilannya|nama(?: lengkap)?(?=[:=])"
    r"|nama(?: lengkap)? ?[:=]|namanya|nama (?:pelaku|pelapor|terlapor|saksi|korban"
    r"|petugas|orang)(?:nya)?|ketua ?:|saksi(?: ?[0-9]{1,2} ?[:=(])?|pelapor|terlapor"
    r"|(?:ketua|anggota|petugas) (?:kpps|linmas)(?: [0-9]{1,3})?)"
)
# Behind these mostly a place follows, or no name at all: only a given name counts.
_OF_SOME: Final = (
    r"(?:kades|kepala (?:desa|dusun|kelurahan|sekolah|dinas|lingkungan)|kadus|lurah"
    r"|camat|(?:calon |wakil ){0,2}(?:bupati|wali ?kota|gubernur)|cabup|cawabup|cagub"
    r"|wabup|wagub|caleg|sekdes|sekda|bendahara|ketua|anggota|timses|tim sukses|korlap"
    r"|koordinator|relawan|petugas|pengawas|panwas|panwascam|ptps|pkd|warga|oknum"
    r"|pemilih|kapolsek|danramil|babinsa|bidan|guru|asn|pns|dokter|oleh|kepada|dari"
    r"|bersama|nama|korban|istri|suami|anak|saksi|linmas|polisi)"
)
# A teacher is no place, nor is the head of some houses: of them, whoever is called so.
_TITLED: Final = (
    rf"\b(?i:{_TITLE}{_PARTED}){{1,4}}"
    r"(?i:(?:guru|bidan|dokter|dosen|mantri|rt|rw)(?: ?[0-9]{1,3})? )?"
    rf"({_INITIALS}{_REAL}[A-Z][A-Za-z'\u2019]{{1,24}}{_MORE})"
)
_ROLE: Final = (
    rf"\b{_OF_ONE}[ :=(,]{{0,3}}({_INITIALS}{_REAL}[A-Z][a-z'\u2019]{{1,24}}{_MORE})"
)
_COMMON: Final = (
    rf"\b(?i:{_TITLE}{_PARTED}|{_OF_SOME}[ :,(]{{1,3}})((?i:{_GIVEN})\b{_MORE})"
)
_BEHIND: Final = (
    rf"\b(?i:{_OF_SOME})(?:[ :,(]{{1,2}}[\w.]{{1,15}}){{1,3}}?[ :,(]{{1,3}}"
    rf"((?=[A-Z])(?i:{_GIVEN})\b{_MORE})"
)
# Behind no title. By some given names villages are called, too.
_OF_VILLAGES: Final = "(?:tri|dwi|eka|budi|galih|dian|kartika|salim)"
_PAIRED: Final = (
    rf"\b((?=[A-Z])(?!(?i:{_OF_VILLAGES})\b)(?i:{_GIVEN})"
    rf" {_REAL}[A-Z][a-z]{{2,24}}{_MORE})"
)
_FAMILY: Final = rf"\b((?:{_CAPITAL} ){{1,3}}(?=[A-Z])(?i:{FAMILY_NAMES})\b)"
_BALINESE: Final = (
    r"\b((?:I|Ni) (?:Made|Gusti|Dewa|Gede|Putu|Luh|Ketut|Komang|Kadek|Nengah|Nyoman"
    rf"|Wayan)(?: {_CAPITAL}){{1,3}}"
    r"|(?:Anak Agung|Ida Bagus|Ida Ayu|Cokorda|Dewa (?:Made|Gede|Putu|Ayu|Nyoman|Ketut)"
    r"|Wayan|Nyoman|Nengah|Ketut|Komang|Kadek)"
    rf"(?: {_CAPITAL}){{1,3}})"
)

#: A pattern of names, and its tells (`occurring.py`); what it keeps in a group is one.
NAMES: Final[tuple[tuple[str, frozenset[str]], ...]] = (
    (_TITLED, alternatives(_TITLE)),
    (
        _ROLE,
        frozenset(
            f" {word}"
            for word in ("a n", "atas nama", "bernama", "dipanggil", "panggilannya",
                         "nama", "ketua", "saksi", "pelapor", "terlapor", "anggota",
                         "petugas")
        ),
    ),
    (_COMMON, alternatives(_GIVEN)),
    (_BEHIND, alternatives(_GIVEN)),
    (_PAIRED, alternatives(_GIVEN) - alternatives(_OF_VILLAGES)),
    (_FAMILY, alternatives(FAMILY_NAMES)),
    (
        _BALINESE,
        words("made gusti dewa gede putu luh ketut komang kadek nengah nyoman wayan",
              "agung bagus ayu cokorda"),
    ),
)  # fmt: skip

#: Behind these a name is that of a street or a house; an H is the letter of a law.
HOUSE: Final = re.compile(
    r"(?i)\b(?:jl|jln|jalan|gg|gang|rsu?|rs[up]d|rsup|rsia|rumah sakit|gedung|lapangan"
    r"|stadion|gelora|gor|bandara|stasiun|terminal|halte|masjid|musholl?a|gereja|paroki"
    r"|pura|vihara|pasar|jembatan|taman|universitas|sekolah|sdn?|smpn?|sman?|smkn?|mts"
    r"|yayasan|ponpes|pesantren|pelabuhan|kecamatan|kec|kabupaten|kab|distrik|kampung|kp"
    r"|nagari|jorong|gampong|banjar|dukuh|lingkungan|pulau"
    r"|(?<!kepala )(?:desa|kelurahan|dusun)|huruf|form|formulir|model)"
    r"(?: [0-9]{1,3})?[. ]{0,2}(?:(?:haji|h|kh|dr|ir|prof|jend|jenderal|letjen|kapten"
    r"|letkol|raden|cut|sultan)[. ]{1,2}){0,2}\Z"
)
