"""Small files as the tools of this work write them, and what should become of them.

Rule: the headers, separators, quotes and times are those of the tools themselves; the
values are made up. `columns` says for every header what it means to us, or None where
it must be left out (and said); `drafts` are the members that must come out, in order.

Sources: KoboToolbox's exports (kpi, formpack: `;`, every cell quoted, CR LF, its own
columns last), ODK Central's (central-backend: `SubmissionDate` first, groups joined by
`-`, its own columns last; OData's `value`), Google Forms' (a zip of one CSV with
`2019/04/17 8:15:02 PM GMT+7`, or a sheet saved as CSV in the sheet's own locale).
"""

from typing import Any, NamedTuple

ELECTION = "pilpres-2019"  # every shape is of it: two candidates, one contest


class Shape(NamedTuple):
    """One file."""

    name: str
    text: str
    columns: dict[str, str | None]
    drafts: list[dict[str, Any]]


def _draft(tps: str, one: int, two: int, **figures: int) -> dict[str, Any]:
    draft: dict[str, Any] = {"tps": tps, "candidates": {"01": one, "02": two}}
    if figures:
        draft["figures"] = figures
    return draft


def _left_out(names: str) -> dict[str, str | None]:
    return dict.fromkeys(names.split())


# Names of a tool's own columns. None of them is a result: `__version__` is a form's,
# not a revision; `_id`, `_index` are running numbers; who sent it is left out, too.
KOBO_OWN = (
    "_id _uuid _submission_time _notes _status _submitted_by __version__ _tags _index"
)
KOBO_META = "start end today username deviceid phonenumber"
ODK_OWN = (
    "KEY SubmitterID SubmitterName AttachmentsPresent AttachmentsExpected Status"
    " DeviceID Edits FormVersion"
)


def _kobo(*rows: str) -> str:
    quoted = (";".join(f'"{cell}"' for cell in row.split(";")) + "\r\n" for row in rows)
    return "".join(quoted)


KOBO_NAMES = Shape(
    "kobo, names as headers, groups written",
    _kobo(
        "start;end;today;username;deviceid;phonenumber;lokasi/kode_kelurahan;"
        "lokasi/no_tps;suara/paslon_01;suara/paslon_02;suara/suara_sah;"
        "suara/suara_tidak_sah;foto_plano;foto_plano_URL;catatan;__version__;_id;_uuid;"
        "_submission_time;_validation_status;_notes;_status;_submitted_by;_tags;_index",
        "2019-04-17T15:02:11.112+07:00;2019-04-17T15:20:45.901+07:00;2019-04-17;"
        "relawan7;collect:hY3wq;;1371011001;1;127;27;154;0;1555489245901.jpg;"
        "https://kobo.example/media/original?media_file=relawan%2F1555489245901.jpg;;"
        "vZk5RbHY8RJfTQqmH2y3pQ;88412;5e1c3a1e-5f3d-4a53-9d6c-0c3e0a0f1b2d;"
        "2019-04-17T08:20:50;;;submitted_via_web;relawan7;;1",
        "2019-04-17T15:30:00.000+07:00;2019-04-17T15:41:00.000+07:00;2019-04-17;"
        "relawan8;collect:hY3wr;;1371011001;12;88;61;149;3;;;sinyal jelek;"
        "vZk5RbHY8RJfTQqmH2y3pQ;88413;0b7fbb0f-2f0e-4b8e-8a43-7d3c6a1f9e55;"
        "2019-04-17T08:41:09;Approved;;submitted_via_web;relawan8;;2",
    ),
    {
        **_left_out(KOBO_META),
        "lokasi/kode_kelurahan": "kelurahan",
        "lokasi/no_tps": "number",
        "suara/paslon_01": "candidates.01",
        "suara/paslon_02": "candidates.02",
        "suara/suara_sah": "figures.suara_sah",
        "suara/suara_tidak_sah": "figures.suara_tidak_sah",
        **_left_out("foto_plano foto_plano_URL catatan"),
        **_left_out(KOBO_OWN),
        "_validation_status": "rejected",
    },
    [
        _draft("1371011001001", 127, 27, suara_sah=154, suara_tidak_sah=0),
        _draft("1371011001012", 88, 61, suara_sah=149, suara_tidak_sah=3),
    ],
)

KOBO_LABELS = Shape(
    "kobo, labels as headers, with a position",
    _kobo(
        "Kode Kelurahan/Desa;Nomor TPS;Lokasi Anda;_Lokasi Anda_latitude;"
        "_Lokasi Anda_longitude;_Lokasi Anda_altitude;_Lokasi Anda_precision;"
        "Suara Paslon 01;Suara Paslon 02;Suara Sah;Suara Tidak Sah;Nama Relawan;"
        "_id;_uuid;_submission_time;_validation_status;_notes;_status;_submitted_by;"
        "__version__;_tags;_index",
        "1371011001;3;-0.95 100.36 12 4.8;-0.95;100.36;12;4.8;101;45;146;2;Budi;"
        "88414;1c2f;2019-04-17T09:00:00;Approved;;submitted_via_web;;"
        "vZk5RbHY8RJfTQqmH2y3pQ;;1",
    ),
    {
        "Kode Kelurahan/Desa": "kelurahan",
        "Nomor TPS": "number",
        "Lokasi Anda": None,
        "_Lokasi Anda_latitude": None,
        "_Lokasi Anda_longitude": None,
        "_Lokasi Anda_altitude": None,
        "_Lokasi Anda_precision": None,
        "Suara Paslon 01": "candidates.01",
        "Suara Paslon 02": "candidates.02",
        "Suara Sah": "figures.suara_sah",
        "Suara Tidak Sah": "figures.suara_tidak_sah",
        "Nama Relawan": None,
        **_left_out(KOBO_OWN),
        "_validation_status": "rejected",
    },
    [_draft("1371011001003", 101, 45, suara_sah=146, suara_tidak_sah=2)],
)

KOBO_FLAT = Shape(
    "kobo, one code, no groups, saved again by a spreadsheet",
    "kode_tps,paslon_01,paslon_02,sah,tidak_sah,_id,_uuid,_submission_time,"
    "_validation_status,_notes,_status,_submitted_by,__version__,_tags,_index\n"
    "1371011001004,70,80,150,1,88415,2d3e,2019-04-17 09:15:00,,,submitted_via_web,,"
    "v1,,1\n",
    {
        "kode_tps": "tps",
        "paslon_01": "candidates.01",
        "paslon_02": "candidates.02",
        "sah": "figures.suara_sah",
        "tidak_sah": "figures.suara_tidak_sah",
        **_left_out(KOBO_OWN),
        "_validation_status": "rejected",
    },
    [_draft("1371011001004", 70, 80, suara_sah=150, suara_tidak_sah=1)],
)

ODK_GROUPS = Shape(
    "odk central, groups written",
    "SubmissionDate,start,end,lokasi-kode_kelurahan,lokasi-no_tps,"
    "lokasi-gps-Latitude,lokasi-gps-Longitude,lokasi-gps-Altitude,"
    "lokasi-gps-Accuracy,suara-paslon_01,suara-paslon_02,suara-suara_sah,"
    "suara-suara_tidak_sah,suara-suara_total,foto_plano,meta-instanceID,"
    "meta-instanceName,KEY,SubmitterID,SubmitterName,AttachmentsPresent,"
    "AttachmentsExpected,Status,ReviewState,DeviceID,Edits,FormVersion\n"
    "2019-04-17T08:20:50.862Z,2019-04-17T15:02:11.112+07:00,"
    "2019-04-17T15:20:45.901+07:00,1371011001,1,-0.95,100.36,12.0,4.8,127,27,154,0,154,"
    "1555489245901.jpg,uuid:85cb9aff-005e-4edd-9739-dc9c1a829c44,TPS 1,"
    "uuid:85cb9aff-005e-4edd-9739-dc9c1a829c44,23,relawan tujuh,1,1,,approved,"
    "collect:hY3wq,0,2019041601\n",
    {
        "SubmissionDate": "observed_at",
        **_left_out("start end"),
        "lokasi-kode_kelurahan": "kelurahan",
        "lokasi-no_tps": "number",
        **_left_out(
            "lokasi-gps-Latitude lokasi-gps-Longitude lokasi-gps-Altitude"
            " lokasi-gps-Accuracy"
        ),
        "suara-paslon_01": "candidates.01",
        "suara-paslon_02": "candidates.02",
        "suara-suara_sah": "figures.suara_sah",
        "suara-suara_tidak_sah": "figures.suara_tidak_sah",
        "suara-suara_total": "figures.suara_total",
        **_left_out("foto_plano meta-instanceID meta-instanceName"),
        **_left_out(ODK_OWN),
        "ReviewState": "rejected",
    },
    [
        {
            **_draft(
                "1371011001001", 127, 27,
                suara_sah=154, suara_tidak_sah=0, suara_total=154,
            ),
            "observed_at": "2019-04-17T08:20:50Z",
        }
    ],
)  # fmt: skip

ODK_PLAIN = Shape(
    "odk central, group names removed",
    "SubmissionDate,kode_tps,paslon_01,paslon_02,instanceID,KEY,SubmitterID,"
    "SubmitterName,AttachmentsPresent,AttachmentsExpected,Status,ReviewState,DeviceID,"
    "Edits,FormVersion\n"
    "2019-04-17T09:01:02.003Z,1371011001005,61,98,uuid:6a,uuid:6a,23,relawan,0,0,,,,0,"
    "\n",
    {
        "SubmissionDate": "observed_at",
        "kode_tps": "tps",
        "paslon_01": "candidates.01",
        "paslon_02": "candidates.02",
        "instanceID": None,
        **_left_out(ODK_OWN),
        "ReviewState": "rejected",
    },
    [
        {
            **_draft("1371011001005", 61, 98),
            "observed_at": "2019-04-17T09:01:02Z",
        }
    ],
)

GOOGLE_CSV = Shape(
    "google forms, its own CSV",
    '"Timestamp","Username","Nama relawan","Kode kelurahan","Nomor TPS",'
    '"Suara paslon 01","Suara paslon 02","Suara sah","Suara tidak sah",'
    '"Foto C.Hasil Plano","Catatan"\n'
    '"2019/04/17 8:15:02 PM GMT+7","relawan@contoh.example","Siti","1371011001","6",'
    '"90","52","142","4","https://drive.example/open?id=1a","aman"\n',
    {
        "Timestamp": "observed_at",
        "Username": None,
        "Nama relawan": None,
        "Kode kelurahan": "kelurahan",
        "Nomor TPS": "number",
        "Suara paslon 01": "candidates.01",
        "Suara paslon 02": "candidates.02",
        "Suara sah": "figures.suara_sah",
        "Suara tidak sah": "figures.suara_tidak_sah",
        "Foto C.Hasil Plano": None,
        "Catatan": None,
    },
    [
        {
            **_draft("1371011001006", 90, 52, suara_sah=142, suara_tidak_sah=4),
            "observed_at": "2019-04-17T13:15:02Z",
        }
    ],
)

GOOGLE_SHEET_ID = Shape(
    "google forms, its sheet saved as CSV, Indonesian",
    "Stempel waktu,Alamat email,Nomor HP,Kode TPS (13 digit),"
    "Perolehan suara paslon 01,Perolehan suara paslon 02,Jumlah suara sah,"
    "Jumlah suara tidak sah\n"
    "17/04/2019 20:15:02,relawan@contoh.example,081200000000,1371011001007,75,66,141,2"
    "\n",
    {
        "Stempel waktu": "observed_at",
        "Alamat email": None,
        "Nomor HP": None,
        "Kode TPS (13 digit)": "tps",
        "Perolehan suara paslon 01": "candidates.01",
        "Perolehan suara paslon 02": "candidates.02",
        "Jumlah suara sah": "figures.suara_sah",
        "Jumlah suara tidak sah": "figures.suara_tidak_sah",
    },
    [
        {
            **_draft("1371011001007", 75, 66, suara_sah=141, suara_tidak_sah=2),
            "observed_at": "2019-04-17T13:15:02Z",  # 17 is no month: day first
        }
    ],
)

GOOGLE_SHEET_US = Shape(
    "google forms, its sheet saved as CSV, American",
    "Timestamp,Email Address,Kode Kelurahan,No. TPS,Paslon 01,Paslon 02\n"
    "4/17/2019 20:15:02,relawan@contoh.example,1371011001,TPS 8,55,77\n",
    {
        "Timestamp": "observed_at",
        "Email Address": None,
        "Kode Kelurahan": "kelurahan",
        "No. TPS": "number",
        "Paslon 01": "candidates.01",
        "Paslon 02": "candidates.02",
    },
    [
        {
            **_draft("1371011001008", 55, 77),
            "observed_at": "2019-04-17T13:15:02Z",
        }
    ],
)

TABLES = (
    KOBO_NAMES,
    KOBO_LABELS,
    KOBO_FLAT,
    ODK_GROUPS,
    ODK_PLAIN,
    GOOGLE_CSV,
    GOOGLE_SHEET_ID,
    GOOGLE_SHEET_US,
)

# The same of documents: `columns` names paths; those not named are left out.
KOBO_JSON = Shape(
    "kobo, its API's answer",
    '{"count":2,"next":null,"previous":null,"results":[{"_id":88412,'
    '"formhub/uuid":"9f","start":"2019-04-17T15:02:11.112+07:00",'
    '"lokasi/kode_kelurahan":"1371011001","lokasi/no_tps":"1","suara/paslon_01":"127",'
    '"suara/paslon_02":"27","suara/suara_sah":"154","suara/suara_tidak_sah":"0",'
    '"foto_plano":"1555489245901.jpg","__version__":"vZk5RbHY8RJfTQqmH2y3pQ",'
    '"meta/instanceID":"uuid:5e","_xform_id_string":"aB3","_uuid":"5e",'
    '"_attachments":[{"download_url":"https://kobo.example/1","mimetype":"image/jpeg",'
    '"filename":"relawan/attachments/9f/5e/1555489245901.jpg","instance":88412,"id":1}],'
    '"_status":"submitted_via_web","_geolocation":[null,null],'
    '"_submission_time":"2019-04-17T08:20:50","_tags":[],"_notes":[],'
    '"_validation_status":{},"_submitted_by":"relawan7"},'
    '{"_id":88413,"lokasi/kode_kelurahan":"1371011001","lokasi/no_tps":"12",'
    '"suara/paslon_01":"88","suara/paslon_02":"61","suara/suara_sah":"149",'
    '"__version__":"vZk","_attachments":[],"_geolocation":[-0.95,100.36],"_tags":[],'
    '"_notes":[],"_validation_status":{"timestamp":1555491669,'
    '"uid":"validation_status_approved","by_whom":"admin","label":"Approved"}}]}\n',
    {
        "lokasi/kode_kelurahan": "kelurahan",
        "lokasi/no_tps": "number",
        "suara/paslon_01": "candidates.01",
        "suara/paslon_02": "candidates.02",
        "suara/suara_sah": "figures.suara_sah",
        "suara/suara_tidak_sah": "figures.suara_tidak_sah",
    },
    [
        _draft("1371011001001", 127, 27, suara_sah=154, suara_tidak_sah=0),
        _draft("1371011001012", 88, 61, suara_sah=149),
    ],
)

ODK_JSON = Shape(
    "odk central, OData",
    '{"value":[{"__id":"uuid:85cb","__system":{'
    '"submissionDate":"2019-04-17T08:20:50.862Z","updatedAt":null,"submitterId":"23",'
    '"submitterName":"relawan tujuh","attachmentsPresent":1,"attachmentsExpected":1,'
    '"status":null,"reviewState":"approved","deviceId":"collect:hY3wq","edits":0,'
    '"formVersion":"2019041601","deletedAt":null},'
    '"lokasi":{"kode_kelurahan":"1371011001","no_tps":"1",'
    '"gps":{"type":"Point","coordinates":[100.36,-0.95,12],'
    '"properties":{"accuracy":4.8}}},'
    '"suara":{"paslon_01":127,"paslon_02":27,"suara_sah":154,"suara_tidak_sah":null},'
    '"foto_plano":"1555489245901.jpg","meta":{"instanceID":"uuid:85cb",'
    '"instanceName":"TPS 1"}}],'
    '"@odata.context":"https://odk.example/v1/projects/1/forms/c1.svc/$metadata#S"}\n',
    {
        "__system.submissionDate": "observed_at",
        "lokasi.kode_kelurahan": "kelurahan",
        "lokasi.no_tps": "number",
        "suara.paslon_01": "candidates.01",
        "suara.paslon_02": "candidates.02",
        "suara.suara_sah": "figures.suara_sah",
        "suara.suara_tidak_sah": "figures.suara_tidak_sah",
    },
    [
        {
            **_draft("1371011001001", 127, 27, suara_sah=154),
            "observed_at": "2019-04-17T08:20:50Z",
        }
    ],
)

KOBO_LIST = Shape(
    "kobo, only the list",
    '[{"_id":88412,"kode_tps":"1371011001001","paslon_01":"127","paslon_02":"27",'
    '"__version__":"v1","_notes":[],"_geolocation":[null,null]}]\n',
    {
        "kode_tps": "tps",
        "paslon_01": "candidates.01",
        "paslon_02": "candidates.02",
    },
    [_draft("1371011001001", 127, 27)],
)

DOCUMENTS = (KOBO_JSON, ODK_JSON, KOBO_LIST)

# What the tools' own reviewers say of a row. A row that its own organisation turned
# down must not be signed as if nobody had looked at it.
REVIEW = {
    "_validation_status": {
        "Approved": "reviewed",
        "validation_status_approved": "reviewed",
        "Not Approved": "rejected",
        "validation_status_not_approved": "rejected",
        "On Hold": "unreviewed",
        "validation_status_on_hold": "unreviewed",
        "": "unreviewed",
    },
    "ReviewState": {
        "approved": "reviewed",
        "rejected": "rejected",
        "hasIssues": "unreviewed",
        "edited": "unreviewed",
        "received": "unreviewed",
        "": "unreviewed",
    },
}
