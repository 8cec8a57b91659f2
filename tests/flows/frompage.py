"""The map's digest, computed from the words of docs/explanation/merging.md alone.

Nothing of the package is used here, so that what the page leaves open shows: the steps
are those of "The digest, to the byte".
"""

import hashlib
import json
import re
import unicodedata
from collections import defaultdict
from itertools import combinations

ROUNDS = ("reguler", "susulan", "lanjutan", "hitung-ulang", "psu")
WORDS = {
    *("paslon", "pasangan", "calon", "kandidat", "candidate", "capres", "cagub"),
    *("cabup", "cawali", "cawalkot", "partai", "parpol", "party"),
    *("no", "nomor", "nomer", "number", "urut"),
}
SUMS = {  # docs/reference/domain.md, "Sums": one side and the other, of figures
    ("suara_sah", "suara_tidak_sah"): ("suara_total",),
    ("suara_total",): ("pengguna_total_j",),
    ("suara_total", ""): ("surat_suara_digunakan",),
    ("pengguna_total_j",): ("surat_suara_digunakan",),
    ("pengguna_dpt_j", "pengguna_dptb_j", "pengguna_dpk_j"): ("pengguna_total_j",),
    ("surat_suara_digunakan", "surat_suara_dikembalikan", "surat_suara_sisa"): (
        "surat_suara_diterima",
    ),
    **{
        (f"{name}_l", f"{name}_p"): (f"{name}_j",)
        for name in (
            *("pemilih_dpt", "pengguna_dpt", "pengguna_dptb", "pengguna_dpk"),
            *("pengguna_total", "disabilitas"),
        )
    },
}


def map_digest(logs, ends, profile, register):
    """The digest, and how many rows there are.

    `logs`: for each origin its records that hold, as (index, id, members); `ends`:
    below which index those of a predecessor count; `register`: codes, or None.
    """
    stations = defaultdict(list)
    for (contest, tps, *slot), said in _find_latest(logs, ends).items():
        stations[contest, tps].append(_Claim(*slot, said, profile))
    shared = _find_shared(stations)
    digest = hashlib.sha256()
    for (contest, tps), claims in sorted(stations.items(), key=lambda item: item[0]):
        outside = register is not None and tps not in register
        outside = outside or not _is_held(profile, contest, tps)
        row = _row(contest, tps, claims, outside, shared)
        line = json.dumps(row, sort_keys=True, separators=(",", ":"))
        digest.update(line.encode() + b"\n")
    return digest.hexdigest(), len(stations)


def _find_latest(logs, ends):
    latest = {}
    for origin, records in logs.items():
        number = int([*origin.split("/"), "1"][2])
        for index, record, members in records:
            if members["type"] not in ("tps-result/1", "withdrawal/1"):
                continue
            if index >= ends.get(origin, index + 1):
                continue
            is_kpu = members.get("source") == "kpu" or members.get("official") == 1
            place = members["contest"], members["tps"], members["org"]
            slot = (*place, int(is_kpu), members["round"])
            said = (number, index), origin, record, members
            if slot not in latest or latest[slot][0] < said[0]:
                latest[slot] = said
    return latest


def _find_shared(stations):
    where = defaultdict(set)
    for (_, tps), claims in stations.items():
        for file in (file for claim in _counted(claims) for file in claim.files):
            where[file].add(tps)
    return {file for file, codes in where.items() if len(codes) > 1}


class _Claim:
    def __init__(self, org, official, round_, said, profile):
        (_, self.index), self.origin, self.record, members = said
        self.org, self.official, self.round = org, official, round_
        self.stands = members["type"] == "tps-result/1"
        contest, tps = members["contest"], members["tps"]
        signed = members.get("candidates", {})
        if "parties" in members:
            parties = members["parties"].items()
            signed = {name: one["jumlah"] for name, one in parties if "jumlah" in one}
        listed, of_parties = _ballot(profile, contest, tps)
        self.votes = _rename(signed, listed, of_parties)
        names_all = set(self.votes) == set(listed) if listed else True
        self.complete = (
            bool(self.votes) and _is_held(profile, contest, tps) and names_all
        )
        self.numbering = {_kind(name) for name in self.votes}
        self.figures = members.get("figures", {})
        self.files = {one["sha256"] for one in members.get("evidence", [])}
        self.derived = "derived_from" in members
        self.is_odd = self.stands and _is_odd(members, signed, self, listed, profile)


def _is_held(profile, contest, tps):
    rules = profile["contests"].get(contest)
    if rules is None:
        return False
    if "only" in rules and not tps.startswith(tuple(rules["only"])):
        return False
    return not tps.startswith(tuple(rules.get("without", ())))


def _ballot(profile, contest, tps):
    rules = profile["contests"].get(contest, {})
    of_parties = contest in ("pdpr", "pdprdp", "pdprdk")
    if "races" in rules:
        lists = [listed for region, listed in rules["races"].items()
                 if tps.startswith(region)]  # fmt: skip
        return (lists[0] if lists else {}), of_parties
    listed = rules.get("candidates") or rules.get("parties") or {}
    return {
        name: one
        for name, one in listed.items()
        if "only" not in one or tps.startswith(tuple(one["only"]))
    }, of_parties


def _rename(votes, listed, of_parties):
    if not listed and (of_parties or not any(len(name) == 1 for name in votes)):
        return votes
    named = {}
    for name, count in votes.items():
        if listed:
            meant = _who(name, listed, of_parties)
        else:
            meant = _spelling(name, of_parties)
        named[meant or name] = count
    return named if len(named) == len(votes) else votes


def _who(name, listed, of_parties):
    aliases = {alias: one for one, said in listed.items()
               for alias in (one, *said.get("aliases", ()))}  # fmt: skip
    for text in (name, _spelling(name, of_parties)):
        if text in aliases:
            return aliases[text]
    both = re.fullmatch(r"([0-9]{1,3})-+(\D.*)", name)
    if not both:
        return _named(name, listed)
    meant = _named(both[2], listed)
    return meant if aliases.get(_spelling(both[1], of_parties)) == meant else None


def _spelling(text, of_parties):
    digits = text if re.fullmatch("[0-9]+", text) else None
    if digits is None:
        *words, last = re.findall("[0-9]+|[a-z]+", text) or [""]
        if words and set(words) <= WORDS and re.fullmatch("[0-9]{1,3}", last):
            digits = last
    if digits is None:
        return None if of_parties else text
    if int(digits) == 0:
        return None
    if of_parties:
        return str(int(digits)) if len(digits) <= 3 else None
    is_ballot = len(digits) <= 3 and int(digits) <= 99
    return f"{int(digits):02d}" if is_ballot else digits


def _named(text, listed):
    boxes = {_plain("kolom kosong"), _plain("kotak kosong")}
    found = set()
    for name, one in listed.items():
        keys = {_plain(one["name"])}
        if keys & boxes:
            keys |= boxes
        if _plain(text) in keys:
            found.add(name)
    return found.pop() if _plain(text) and len(found) == 1 else None


def _plain(text):
    folded = unicodedata.normalize("NFKD", text).casefold()
    return "".join(one for one in folded if one.isalnum())


def _kind(name):
    if not name.isdigit():
        return "other"
    return "ballot" if len(name) <= 2 else "digits"


def _is_odd(members, signed, claim, listed, profile):
    figures, total = members.get("figures", {}), sum(signed.values())
    parties = members.get("parties", {})
    whole = set(listed) <= set(claim.votes) if listed else len(signed) >= len(parties)
    has_votes = "candidates" in members or "parties" in members
    return (
        (has_votes and whole and figures.get("suara_sah", total) != total)
        or _max_votes(profile, members["contest"], members["tps"], total)
        or any(map(_is_party_off, parties.values()))
        or _are_figures_off(figures, profile)
    )


def _is_party_off(party):
    if not party.keys() >= {"partai", "jumlah", "caleg"}:
        return False
    return party["partai"] + sum(party["caleg"].values()) != party["jumlah"]


def _are_figures_off(figures, profile):
    for parts, (whole,) in SUMS.items():
        names = [name for name in parts if name]
        if figures.keys() >= {whole, *names} and figures[whole] != sum(
            figures[name] for name in names
        ):
            return True
    if "pemilih_dpt_j" not in figures:
        return False
    voters = figures["pemilih_dpt_j"]
    expected = voters + _spare(profile, voters)
    return (
        figures.get("pengguna_dpt_j", 0) > voters
        or figures.get("surat_suara_diterima", expected) != expected
    )


def _max_votes(profile, contest, tps, total):
    if contest not in profile["contests"] or tps.startswith("99"):
        return False
    exempt = [code for one in profile.get("exceptions", ()) for code in one["regions"]]
    if int(tps[10:]) >= 901 or tps.startswith(tuple(exempt)):
        return False
    most = profile["max_voters"]
    return total > most + _spare(profile, most)


def _spare(profile, voters):
    return -(-voters * profile["spare_per_mille"] // 1000)


def _counted(claims):
    rounds = [
        ROUNDS.index(one.round) for one in claims if one.stands and not one.official
    ]
    if not rounds:
        return []
    name = ROUNDS[max(rounds)]
    return [one for one in claims if one.stands and one.round == name]


def _row(contest, tps, claims, outside, shared):
    standing = [one for one in claims if one.stands]
    standing.sort(key=lambda one: (one.org, one.official, ROUNDS.index(one.round)))
    flags = {"outside_register"} if outside else set()
    row = {"contest": contest, "groups": [], "status": "missing", "tps": tps}
    row["claims"] = [
        {name: getattr(one, name) for name in
         ("index", "official", "org", "origin", "record", "round")}
        for one in standing
    ]  # fmt: skip
    counted = _counted(claims)
    if counted:
        monitors = [one for one in counted if one.complete and not one.official]
        kpu = [one for one in counted if one.complete and one.official]
        groups = []
        for one in monitors:
            for votes, orgs in groups:
                if votes == one.votes:
                    orgs.append(one.org)
                    break
            else:
                groups.append((one.votes, [one.org]))
        row["groups"] = sorted(
            ({"orgs": sorted(orgs), "votes": votes} for votes, orgs in groups),
            key=lambda group: group["orgs"][0],
        )
        row["round"] = counted[0].round
        row["status"] = _status(monitors, groups)
        row["official"] = _official(kpu, groups)
        flags |= _flags(counted, groups, shared)
    row["flags"] = sorted(flags)
    return row


def _numbering(votes):
    return frozenset(map(_kind, votes))


def _status(monitors, groups):
    if not groups:
        return "unread"
    of_groups = [_numbering(votes) for votes, _ in groups]
    if len(set(of_groups)) < len(of_groups):
        return "disputed"
    sources = [_numbering(one.votes) for one in monitors if not one.derived]
    return "agreed" if len(set(sources)) < len(sources) else "single"


def _official(kpu, groups):
    if not kpu or not groups:
        return "none"
    theirs, ours = [one.votes for one in kpu], [votes for votes, _ in groups]
    sides = set(map(_numbering, theirs)), set(map(_numbering, ours))
    for name in sides[0] & sides[1]:
        every = [votes for votes in theirs + ours if _numbering(votes) == name]
        if any(votes != every[0] for votes in every):
            return "differs"
    return "matches" if sides[0] == sides[1] else "none"


def _flags(counted, groups, shared):
    complete = [one for one in counted if one.complete]
    flags = {
        "implausible": any(one.is_odd for one in counted),
        "incomplete": any(one.votes and not one.complete for one in counted),
        "zero": any(not any(one.votes.values()) for one in complete),
        "shared_file": any(one.files & shared for one in counted),
        "one_digit": any(map(_is_one_digit, combinations(groups, 2))),
        "figures_differ": any(map(_have_other_figures, combinations(counted, 2))),
        "numbering": len({frozenset(one.numbering) for one in complete}) > 1,
    }
    return {name for name, is_set in flags.items() if is_set}


def _is_one_digit(pair):
    (first, _), (second, _) = pair
    if _numbering(first) != _numbering(second):
        return False
    names = first.keys() | second.keys()
    gaps = [abs(first.get(name, 0) - second.get(name, 0)) for name in names]
    gaps = [gap for gap in gaps if gap]
    return len(gaps) == 1 and gaps[0] in (1, 10, 100)


def _have_other_figures(pair):
    first, second = pair[0].figures, pair[1].figures
    return any(first[name] != second[name] for name in first.keys() & second.keys())
