"""Texts as volunteers send them: the third hand, that had not seen the patterns.

Written at one go, in the words of chats, with names of many peoples and numbers in
many forms, before its writer had read `personal.py` or the other templates. What is
secret stands between \u00ab and \u00bb. All are invented; what they showed first
stands in docs/reference/personal-data.md, and no sentence was changed since.
"""

# ruff: noqa: RUF001 - one wrote an @ that is as wide as an ideograph

from typing import Final, NamedTuple


class ChatText(NamedTuple):
    """A text without its signs, and where in it something is secret."""

    text: str
    places: tuple[tuple[int, int], ...]


def read_chats(lines: str) -> list[ChatText]:
    """One text a line."""
    return [_read(line) for line in lines.strip().splitlines()]


def _read(line: str) -> ChatText:
    text, places = "", []
    for number, part in enumerate(line.replace("\u00bb", "\u00ab").split("\u00ab")):
        if number % 2:
            places.append((len(text), len(text) + len(part)))
        text += part
    return ChatText(text, tuple(places))


#: By what they give away. `untitled`: a name behind no title.
PLANTED: Final = {
    "name": """
Tadi jam 9 di TPS 04 Pak «Togar Simanjuntak» bagi2 amplop ke warga yg antri
ibu «Boru Situmorang» dari RT sebelah ngaku dikasih 100rb sama timses
Yg ngumpulin KTP namanya pak «Andi Baso Mappanyukki», katanya disuruh lurah
Daeng «Naba» datang ke rumah2 malam kemarin bawa beras 5 kilo
I «Wayan Sudarta» selaku kelian banjar mengarahkan warga coblos nomor 1
Ni «Luh Putu Ariani» dicatat dua kali di daftar hadir
kpps atas nama Bpk. «Yohanes Wenda» tidak mau kasih salinan C Hasil ke saksi
Mama «Yosina Kogoya» dipaksa orang kampung pilih lewat noken
Bung «Frans Rumbiak» yg pegang surat suara sisa, dibawa pulang
Ustadz «Fadhil» ceramah di masjid ngajak pilih paslon 3, ada rekamannya
pak haji «Sukirno» kasih sembako ke jamaah habis subuh
Hj. «Rohmawati» bagi mukena sama kartu nama caleg
KH «Zainul Arifin» dari pondok ikut kampanye di lapangan sekolah
Dr. «Hendrawan Tanoto» selaku kepala puskesmas pasang stiker paslon di ruang tunggu
Kades «Suparman» kumpulin RT RW di balai desa, arahannya jelas ke nomor 2
lurah «Mardani» ada di grup WA tim sukses, screenshot terlampir
Camat «Irwansyah Lubis» memerintahkan perangkat kelurahan hadir kampanye
Ketua KPPS saudara «Dedi» tidak menandatangani berita acara
Sdr. «Rizky Ramadhan» mencoblos di TPS 12 dan TPS 15
sdri «Melati Kusumaningrum» namanya ada di DPT padahal sudah pindah
Bripka «Agung Prasetyo» masuk ke bilik suara mendampingi pemilih
Kapolsek AKP «Bonar Hutagalung» ikut rapat timses tgl 9
Serda «Markus Tabuni» berjaga di dalam TPS, harusnya di luar
Pdt. «Samuel Karubaba» bilang dari mimbar siapa yg harus dipilih
Pendeta «Elias» membagikan kupon sembako setelah ibadah
Romo «Petrus» menolak gerejanya dipakai kampanye lalu diancam
mbak «Sri» panitia desa yg catat nama2 penerima uang
Mas «Bagus» koordinator lapangan paslon 2 yg bawa daftar
Kang «Asep Sunandar» keliling kampung kasih kaos sama duit 50
Teh «Neneng» kader posyandu dipaksa ngajak ibu2
bu guru «Wahyuningsih» bagi brosur caleg di kelas
Kepsek SMPN 3, Drs. «Maruli Pardede», suruh guru2 selfie 2 jari
Tgk «Muhammad Yunus» dari gampong itu dituduh merusak baliho
Cut «Nyak Meurah» petugas PPS minta uang transport ke caleg
Tuan guru «Lalu Hasanudin» menyuruh jamaah tdk memilih calon perempuan
Puang «Tenri» bagi sarung di rumahnya, yg dapat cuma keluarga pemilih no 1
Anak Agung «Gede Oka» bendesa adat kumpulkan krama di bale banjar
Dewa «Made Artana» menahan undangan C pemberitahuan warga
H. «Abd. Rahman Dg. Sibali» keponakan bupati bagi2 uang di pasar
a.n. «Siti Khotimah» dipanggil tapi yg masuk orang lain
""",
    "untitled": """
yang bagi uang «Parlindungan Nainggolan» warga gang mawar
saya lihat sendiri «Slamet» sama istrinya coblos dua kali
nama pelakunya «Mappatoba», kerja di kantor dusun
terlapor: «Ketut Suardana», pekerjaan petani
Pelapor «Nurhayati Rangkuti» umur 43 tahun
saksi1 = «Lukas Wonda», saksi2 = «Benny Murib»
Korban bernama «Fitriani» dipukul waktu foto C1
dia panggilannya «Ucok», preman terminal itu
«Tumirah», 62, tidak bisa baca, suaranya dicobloskan anggota KPPS
Namanya «Baharuddin» orang timses yg rumahnya dekat masjid
Petugas pengawas TPS («Dwi Rahayu») dimarahi saksi paslon 1
KPPS 5 «Robertus Keban» salah tulis angka trus marah2
Dapat laporan dari «Eko Wahyudi» bahwa kotak suara tidak disegel
disuruh sama orang namanya «Haris» buat foto surat suara di bilik
Ada dua pemilih, «Aminah» dan «Salbiah», tidak dapat undangan
""",
    "telephone": """
Bisa hubungi saya di «0812 7788 4412» kalau perlu bukti
WA saja «+62 857-4410-9921» saya punya videonya
kontak pengawas: «081377009152»
hp nya timses «0852.6133.7710» sering telp warga
call «+6282199014475» ada saksi yg mau bicara
nomor pelaku 62«81355210987» ada di undangan
no wa «0 8 1 2 3 4 4 5 9 9 0 7» tolong jangan disebar
telpon kantor desa «0341-577218» ga diangkat
itu wa korlap («nol delapan satu dua tiga empat lima enam tujuh delapan»)
hub «(0411) 887 2231» minta bicara sama panwas
transfer dana ke «089677120043» atas nama timses
nomornya «08l3 8822 1907» yg ngirim ancaman
Ada sms dari «+62-813-1120-8876» isinya suruh coblos no 3
Tlp: «021 7782 1190» rumah ketua RW
«0813-55-66-7781» ini no nya pak RT yg bagi uang
pesan berantai dari nomor «62 822 9911 4050»
hubungi via telegram t.me/relawan atau «0878 1122 334»
Saksi bersedia dihubungi («081-2290-77851»)
wa.me/«6285244107733» link grup nya
ini hp «0831 9 9 1 0 2 2 4 5» cek aja
Nomer hape: nol8«12»-«3345»-«6678»
kirim bukti tf ke dana «0895 3311 0092 1»
call center paslon «0800 1 889 221» minta data NIK
no saya «O812-9934-1120» (pakai huruf O)
tolong tlp balik «(+62)81246678890»
nomor aduan yg dipakai «0813/7722/1904» ternyata nomor timses
delapan satu tiga nya depan: «0813 tujuh tujuh dua satu 904»
pelapor «0857~1120~4471», minta dirahasiakan
phone «00628129934001» nomor luar katanya
no.hp.«085312209914».bukti ada di saya
""",
    "card": """
NIK saya «3273014506890002» tidak terdaftar di DPT
ktp nya «7371 0912 0377 0004» dipakai orang lain
no ktp «12.71.055208910003» atas pemilih ganda
nik«9171024107850001»ada dua kali di daftar
Foto KTP nomor «51-71-03-650490-0002» diminta timses
pemilih dgn NIK: «3515 081 2059 50007» sudah meninggal
No KK «3201280511120019» dipakai buat kumpul dukungan
nomor induk «6471054408730003» di dpt tps 7 dan 9
NIK ganda: «33 74 02 12 06 81 0005» ganda
pake paspor «C7712093» nyoblos di TPSLN
SIM «1290-8811-000345» dipakai sebagai ganti KTP
KTP «1571O25503920002» difotokopi panitia
""",
    "email": """
bukti saya kirim dari «rudi.hartono88@gmail.com»
Email: «nurul_aini@yahoo.co.id» bisa dihubungi
kontak «wayan.sudarma (at) gmail (dot) com»
surel «togar99[at]yahoo[dot]com» punya koordinator
kirim ke «sitikh @ gmail . com» ya kak
akun pengirim ancaman «korlap.paslon2@outlook.com»
laporan dari «BENNYW@HOTMAIL.COM»
emailnya «fajar dot nugroho at gmail dot com»
«dewi+lapor@proton.me» pelapor minta balasan
hub: «asep_s et gmail titik com»
alamat e-mail «a.makkulau@unhas.ac.id» dosen yg kampanye
email saya «lina77＠gmail.com»
""",
    "plate": """
mobil avanza putih plat «B 1734 KZA» parkir depan TPS bagi nasi kotak
motor «dd 4412 xy» ngikutin saksi sampai rumah
Plat merah «L 1208 AP» dipakai kampanye
mobil dinas «BK1902J» angkut sembako
pick up «DK-8831-FG» bawa baliho
nopol «pa 5571 mb» milik kantor distrik
innova hitam «B1209UJK» bolak balik
truk «AD.8812.NC» menurunkan kursi
pelat nomor «DS 1021 A» mobil pejabat
Kendaraan R4 No.Pol «KT 1893 BW»
hilux dgn nomor polisi «EB 8120 KH» mengangkut kotak suara tanpa kawalan
mobil timses «F 1 N» katanya punya kades
naik beat «N 3321 ABE» kabur ke arah pasar
mobil TNI no reg «3312-07» antar warga ke TPS
""",
    "position": """
kejadian di «-6.914744, 107.609810»
Lokasi: «-7.2575,112.7521» dekat musholla
titik «5°08'12.4"S 119°24'45.1"E» rumah yg dijadikan posko
https://maps.google.com/?q=«-8.650231,115.216612» rumah bendesa
maps «https://maps.app.goo.gl/xK2pQ8rT1bVn7» posko timses
lat «-2.533621» long «140.718113» TPS pindah tanpa pemberitahuan
koordinat «3.595196 LU 98.672223 BT» gudang sembako
GPS S«6.20876» E«106.84560»
shareloc «-0,947083; 100,417181»
google maps plus code «6P3Q+7XF Jayapura» rumah terlapor
koordinat UTM «48M 702134 9311842»
lintang «-5.147665» bujur «119.432732»
""",
    "address": """
bagi uang di rumah «Jl. Melati No. 14 RT 03/RW 07» sore kemarin
alamat pelaku «jln kenanga 22 blok C rt02 rw05»
rumah «Gg. Mawar III no 8» depan warung
dia tinggal di «RT 004 RW 011 dusun krajan rumah cat hijau»
«Perum Griya Asri Blok D4 No. 17» jadi tempat kumpul
di «Jalan Dg. Tata Raya lorong 3 nomor 12» ada bagi sarung
warga «Kp. Cibeureum RT.01/02 No.33» didatangi timses
«Komplek BTN Hamzy blok F no 9»
«Jl Raya Sentani Kemiri no. 45» rumah kepala distrik
«banjar kaja, jln raya ubud no 5x» rumah kelian
rumahnya «Apartemen Kalibata tower H lantai 12 unit 7»
«RT 5 RW 2 No 19 kelurahan babakan» dititipi sembako
domisili «Jl. Sisingamangaraja Gg. Horas No. 3B»
dikirim ke «jl. pattimura 77 (samping bengkel)» 40 karung beras
pelapor tinggal di «Jorong Koto Tuo no. 6, RT 2»
""",
}

#: In these nothing is anybody's.
CLEAN: Final = """
TPS 04 dibuka jam 08.15, terlambat karena kotak suara baru datang
Pak ketua KPPS tidak mau kasih salinan C Hasil ke saksi
Ibu2 yg antri dikasih kupon sembako sama orang berkaos paslon 2
Bapak pengawas TPS tidak hadir sampai penghitungan selesai
suara sah 187 tidak sah 12 tapi ditulis 197
Jumlah DPT 286, yang hadir 291, surat suara cuma 293
TPS kode 3273011001004 selisih 15 suara dengan D Hasil kecamatan
Rp 100.000 per orang dibagi di depan balai desa
uang 50rb dan 1 liter minyak goreng, ada 20 amplop
Pasal 523 ayat (2) UU 7/2017 soal politik uang
Kejadian 14/02/2024 pukul 10.30 WIB
Di Jl. Ahmad Yani dekat alun-alun ada baliho paslon masih terpasang
baliho di Jalan Haji Agus Salim belum dicopot masa tenang
RSUD Dr. Soetomo tidak ada TPS khusus untuk pasien
warga RSUP Dr. Wahidin Sudirohusodo tidak bisa memilih
SDN Ki Hajar Dewantara dipakai TPS padahal ada stiker caleg di pagar
Lapas kelas I kekurangan surat suara 340 lembar
Surat suara tertukar dengan dapil Jabar 3
Pak RT keliling menyuruh warga memilih nomor urut 1
Bu lurah datang ke TPS pakai baju warna paslon
kepala desa mengarahkan warga lewat pengeras suara
Saksi paslon 3 diusir dari TPS jam 11
Pemilih disabilitas tidak disediakan template braille
Bilik suara menghadap ke jendela, bisa dilihat dari luar
Tinta habis jam 10, pemilih tetap dilayani tanpa tinta
Kotak suara tidak digembok waktu dibuka
C Hasil tidak ditempel sampai malam
foto C Hasil buram, angka di kolom 4.1 dicoret
Penghitungan dilakukan di dalam rumah warga tertutup
KPPS salah memasukkan 23 suara paslon 1 ke paslon 2
Ada 4 surat suara sudah tercoblos sebelum pemungutan
Mobilisasi pemilih pakai 3 bus dari kabupaten sebelah
DPTb 12 orang ditolak memilih padahal bawa A5
Pemilih pakai KTP baru boleh jam 12 tapi jam 9 sudah dilayani
Distribusi logistik ke distrik terlambat dua hari
Noken dipakai di kampung yang tidak termasuk daftar
Kepala suku mewakili seluruh kampung mencoblos 200 surat suara
Di Kampung Yoka tidak ada TPS yang buka sampai siang
Puncak Jaya: 3 distrik belum menerima kotak suara
Banjar adat menggelar paruman mengarahkan pilihan
Pecalang ikut menjaga bilik suara
Keuchik gampong minta warga kumpul di meunasah
Wali nagari ikut kampanye di lapangan bola
Penghulu pekon dan perangkatnya pakai kaos partai
Bupati hadir kampanye di hari kerja tanpa cuti
Wakil bupati meresmikan jembatan sambil kampanye
Gubernur membagikan bansos bergambar paslon
Camat mengumpulkan lurah di kantor kecamatan
Pak Camat memberi arahan supaya kompak
ASN dinas pendidikan foto dengan pose dua jari
Guru honorer diminta jadi saksi partai
Mahasiswa dari luar kota tidak bisa pindah memilih
Grup WA RT isinya kampanye di masa tenang
akun facebook anonim menyebar hoaks KPU
Video di tiktok memperlihatkan surat suara dibakar
Sirekap membaca 8 menjadi 3 di TPS 021
angka di Sirekap 817, di C Hasil 87
Sirekap error dari jam 14.00 sampai 20.00
rekap di kecamatan ditunda dari tgl 17 ke tgl 20
rekapitulasi dipindah ke gedung serbaguna tanpa undangan saksi
D Hasil tidak diberikan kepada saksi
Total 12.345.678 suara tingkat provinsi belum cocok
Nomor surat 027/PL.01.8-SD/05/2024 dari KPU
Surat Bawaslu nomor 0123/PM.00.02/K1/02/2024
Laporan kami nomor 014/LP/PP/Kab/30.05/II/2024 belum dijawab
Putusan MK 1/PHPU.PRES-XXII/2024 dibacakan
PKPU 25 Tahun 2023 pasal 80 tidak dijalankan
Panwascam sudah datang jam 16.40 mengambil barang bukti
Bawaslu kota minta pelapor melengkapi syarat formil dalam 2 hari
dari TPS 1 sampai TPS 18 semua terlambat
TPS 012, 013, 014 di satu halaman sekolah
harga beras 14.500 per kilo dijual 5.000 di bazar caleg
bazar murah minyak 2 liter Rp 10.000
Kupon doorprize nomor 000123 sampai 000450 dibagikan
hadiah motor dan kulkas di jalan sehat paslon 2
jalan santai berhadiah diikuti kira2 1500 orang
Dana desa dipakai cetak kaos, kira2 Rp25.000.000
Anggaran 1.250.000.000 untuk bansos dicairkan sebelum hari H
rekening khusus dana kampanye tidak dilaporkan
spanduk ukuran 4 x 6 m menutupi rambu lalu lintas
stiker ditempel di 30 rumah tanpa izin
Pak ustadz ceramah ajak pilih paslon tertentu
Bu guru membagikan brosur di kelas
Pak Kades sama bu Kades bagi sembako
Ibu hamil antri 3 jam tanpa kursi
Bapak tua itu dituntun masuk bilik oleh anggota KPPS
Mas-mas berjaket ojek bagi amplop di perempatan
mbak petugas salah kasih surat suara
Saudara pemilih dipanggil dua kali
Kang parkir diminta pasang bendera partai
bang becak dikasih 20rb buat ikut konvoi
Polisi masuk ke area TPS membawa senjata
TNI aktif terlihat di rapat tim kampanye
Kapolsek dan Danramil hadir di acara paslon
Babinsa mendata pemilih paslon 1
Hansip ikut menghitung surat suara
Haji dan umrah gratis dijanjikan caleg
Dr. dan Prof. ikut tanda tangan petisi kampus
Pdt. dan majelis gereja sudah sepakat netral
Prof dari kampus negeri ikut kampanye terbuka
warga RT 03 RW 05 tidak dapat undangan C6
seluruh RT di RW 11 diarahkan satu pilihan
RT 01 sampai RT 06 dapat beras semua
TPS 07 berlokasi di RT 2 RW 4 kelurahan Babakan
surat suara DPR RI kurang 17 lembar, DPD lebih 3
Caleg DPRD dapil 4 nomor urut 7 bagi kalender
Partai nomor 5 pasang bendera di pagar sekolah
Paslon 02 menang 210 dari 214 pemilih, janggal
100% pemilih hadir, termasuk yang sudah meninggal
selisih 0,5 persen antara quick count dan real count
Jam 13:00 WITA TPS sudah ditutup padahal masih antri 40 org
Pukul 07.00-13.00 WIT tidak ada petugas
Kapal logistik KM Sabuk Nusantara 104 belum sandar
Helikopter pengangkut logistik tidak bisa mendarat
KRI dipakai mengangkut kotak suara ke pulau
Bus AKAP 3 unit parkir dekat TPS sejak subuh
mobil box putih tanpa plat nomor bongkar surat suara
mobil plat merah parkir di posko pemenangan
truk plat luar kota bawa massa
motor konvoi knalpot brong kira2 200
Honda Beat dan Vario jadi hadiah
B 2 suara, C 15 suara, D 120 suara di catatan saksi
A 5 lembar, B 1200 lembar kata petugas
form C1 plano lembar 3 hilang
Model C.HASIL-PPWP halaman 2 dari 4 tidak ditandatangani
DB 1 dan DC 1 beda 120 suara
DPK 14, DPTb 3, DPT 270
halaman 12 kolom 4 baris 7 tidak terisi
Lihat video menit 02:15 sampai 03:40
file foto IMG_20240214_101533.jpg lebih jelas
lihat foto IMG-20240214-WA0012 dan 0013
link berita https://www.kompas.com/pemilu/2024 sudah dihapus
akun resmi @kpu_ri belum klarifikasi
unggahan di instagram @bawasluri soal kejadian ini
info lengkap di laman infopemilu.kpu.go.id
Lokasi sekitar 2,5 km dari kantor kecamatan
jarak TPS ke rumah 6,3 km harus naik perahu 1,5 jam
suhu 38,5 derajat, dua petugas KPPS pingsan
Anggota KPPS meninggal kelelahan, keluarga minta santunan
Petugas KPPS no 5 dan no 7 tidak hadir
Pasar Andi Tadda penuh alat peraga kampanye
Stadion Si Jalak Harupat dipakai kampanye akbar
Terminal Daeng Tata banyak baliho liar
Lapangan Karebosi dipakai kampanye di luar jadwal
Bandara I Gusti Ngurah Rai pasang videotron paslon
Universitas Cenderawasih jadi lokasi debat, ada yel2
Jalan Sam Ratulangi macet karena konvoi
Kecamatan Haji Pemanggilan kekurangan logistik
Desa Datuk Bandar tidak ada saksi sama sekali
Pulau Sebatik TPS-nya pindah tanpa pengumuman
"""
