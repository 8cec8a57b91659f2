"""Given and family names that are common in Indonesia: `personnames.py` tells people.

Rule: a name stands here only if it is hardly ever the name of a place or a word of
another meaning: `Kades Ahmad` names a person, `Kades Lage` a village. The list is far
from complete, and whoever is not in it is found behind a title only.
"""

from typing import Final

#: As the alternatives of a pattern.
GIVEN_NAMES: Final = (
    "abdul|abdullah|abdurrahman|achmad|aditya|adrian|agus|ahmad|aisyah|albert|aldi"
    "|alfian|ali|amir|amiruddin|andi|andika|andre|andri|anita|anton|antonius|anwar"
    "|ardi|ari|arif|arifin|arman|asep|asmawati|astuti|ayu|bambang|basri|benny|budi"
    "|budiman|burhanuddin|chandra|christina|daniel|darmawan|darwis|david|deden|dedi"
    "|deni|desi|dian|diana|dicky|didik|dina|dodi|dwi|edi|eka|ekawati|eko|elisabet"
    "|endang|erni|erwin|fadli|fahmi|farida|fatimah|ferdi|feri|fitri|fitriani|galih"
    "|gunawan|halimah|hamid|hamzah|handoko|hariyanto|hartono|hasan|hasanah|hasnah"
    "|hendra|hendri|heri|herlina|herman|hidayat|husein|ibrahim|idris|ika|imam|irfan"
    "|irma|irwan|ismail|iwan|jamaluddin|joko|jumiati|junaidi|kadek|kartika|ketut"
    "|komang|kurniawan|kusuma|lilis|lina|lukman|mahmud|maria|marlina|maryam|mochamad"
    "|mohamad|mohammad|muhamad|muhammad|mulyadi|mulyono|mustafa|nina|ningsih|novi"
    "|nur|nurhayati|nurul|nyoman|rahma|rahman|rahmat|rahmawati|ramli|rani|ratna"
    "|rendi|reza|ridwan|rina|rini|riski|rizal|rizki|robert|rohani|roni|rosmiati|rudi"
    "|rukmini|rusdi|rusli|saiful|salim|samsul|samuel|sandi|santi|santoso|siti|slamet"
    "|sofyan|stefanus|sugeng|suharti|sukardi|sulaiman|sulastri|suparman|supriyadi"
    "|suryani|susanti|susilo|sutrisno|syamsuddin|syarifuddin|taufik|tini|titin|toni"
    "|tono|tri|tuti|udin|umar|usman|vera|wahyudi|wati|wawan|widodo|winarti|wulandari"
    "|yanti|yanto|yayan|yohanes|yudi|yuliana|yulianti|yuni|yunus|yusuf|zainal"
    "|zainuddin|zulkifli"
)

#: Of families and clans, likewise; those of places (Samosir, Tanjung) are not here.
FAMILY_NAMES: Final = (
    "(?:aritonang|butarbutar|dalimunthe|damanik|daulay|ginting|girsang|gultom|harahap"
    "|harefa|hasibuan|hutabarat|hutagalung|hutapea|hutauruk|laoli|lubis|lumbantobing"
    "|manullang|manurung|marpaung|matondang|nababan|nainggolan|napitupulu|nasution"
    "|panjaitan|pardede|pasaribu|pulungan|rajagukguk|rangkuti|ritonga"
    "|saragih|sembiring|siahaan|sianipar|sibarani|sihombing|silalahi|simanjuntak"
    "|simatupang|simbolon|simorangkir|sinaga|sinambela|sipayung|sirait|siregar|sitanggang"
    "|sitompul|sitorus|situmorang|tambunan|tampubolon|tarigan|telaumbanua|tobing|turnip"
    "|waruwu|zebua|zega"
    "|kaunang|karundeng|lumentut|mamahit|mandagi|pangemanan|rorimpandey|rumambi|runtuwene"
    "|sondakh|supit|waworuntu|wowor"
    "|latuconsina|latuheru|leimena|manuputty|matulessy|nanlohy|pattinama|sahetapy|siahaya"
    "|tomasoa|tuasikal|wattimena"
    "|asso|dowansiba|enumbi|gobay|gombo|kafiar|kambu|karubaba|kogoya|kossay|mabel|mandacan"
    "|matuan|murib|ohee|pagawak|pigai|rumainum|rumaropen|rumbewas|rumbiak|suebu|tabuni"
    "|telenggen|wakerkwa|wandikbo|wanimbo|wenda|wonda|yoman"
    "|fernandez|pereira|soares|ximenes)"
)
