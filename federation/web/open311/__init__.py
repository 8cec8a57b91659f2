"""Open311 GeoReport v2: a city's system or an app hands in reports without our code.

    GET  /open311/v2/discovery.{json,xml}       what is here; for everybody
    GET  /open311/v2/services.{json,xml}        categories of reports; for everybody
    GET  /open311/v2/services/{code}.{…}        what may be said beside the form
    POST /open311/v2/requests.{json,xml}        a report, signed when it is answered
    GET  /open311/v2/requests.{json,xml}        what became of the sender's own
    GET  /open311/v2/requests/{id}.{json,xml}   … of one of them

Rule: who reported something is write-only: sealed on its way in (`flows/annex/`), and
in no answer, to nobody. Only whoever handed a report in is told of it.

document   a value as JSON and as XML
services   the categories, and the attributes of a report
refusals   errors as the standard says them
catalogue  the answers for everybody
form       what a form says: a report, what is personal, what is not taken
posting    a report is handed in
following  what became of it

Source: https://wiki.open311.org/GeoReport_v2 and its page on Service Discovery
"""
