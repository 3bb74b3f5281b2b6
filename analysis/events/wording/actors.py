"""Whose rule a headline tells of, by the places that it names, and who got the licence that it tells of."""

from __future__ import annotations

import re

# Kinds of acts that each place has its own of on the same day, in the same words.
ACTS_OF_PLACES = ("crypto_token_regulation", "regulation_legislation")
_UNION, _OFFICE = "us", "office"
# Words that stand for a place: itself, who comes from there, and its offices.
_PLACES = {
    _UNION: r"US|U\.S\.|USA|America|American|Washington|White House|Trump|Biden",
    # Offices of the union, unless the place before them has one of the name.
    _OFFICE: r"SEC|CFTC|OCC|FDIC|IRS|DOJ|FTC|FinCEN|Congress|Senat(?:e|ors?)|Pentagon|Treasury|Fed"
    r"|House (?:[Cc]ommittee|[Ll]awmakers|panel|Democrats|Republicans|GOP|bill)",
    "uk": r"UK|U\.K\.|Britain|British|England|London|FCA|HMRC|HM Treasury",
    "eu": r"EU|E\.U\.|Europe|European|Brussels|MiCAR?|ESMA|EBA|EEA|Austrian?|Netherlands|Dutch|Luxembourg|Malt(?:a|ese)"
    r"|Irish|Ireland|Germany?|BaFin|French|France|Ital(?:y|ian)|Spain|Spanish|Greece|Greek|Pol(?:and|ish)"
    r"|Portug(?:al|uese)|Cyp(?:rus|riot)",
    "au": r"Australian?|ASIC|AUSTRAC",
    "ca": r"Canad(?:a|ian)",
    "cn": r"China|Chinese|Beijing",
    "hk": r"Hong Kong|HKMA|SFC",
    "jp": r"Japan|Japanese|Tokyo|JFSA",
    "kr": r"(?:South )?Korean?|Seoul",
    "tw": r"Taiwan|Taiwanese",
    "sg": r"Singapore|MAS",
    "th": r"Thai|Thailand",
    "vn": r"Vietnam|Vietnamese",
    "id": r"Indonesian?",
    "my": r"Malaysian?",
    "ph": r"Philippines?|Filipino",
    "in": r"Indian?|RBI",
    "pk": r"Pakistani?",
    "ae": r"UAE|Dubai|Abu Dhabi|Emirates|VARA|DFSA|ADGM",
    "tr": r"Turkey|Turkish|Türkiye",
    "il": r"Israeli?",
    "ru": r"Russian?|Moscow",
    "ua": r"Ukraine|Ukrainian",
    "kz": r"Kazakhstan",
    "ch": r"Swiss|Switzerland|FINMA",
    "no": r"Norway|Norwegian",
    "br": r"Brazil|Brazilian",
    "ar": r"Argentin[ae]",
    "za": r"South Africa",
    "ng": r"Nigerian?",
    "ke": r"Kenyan?",
    "gh": r"Ghana",
    "us-ca": r"California|Newsom",
    "us-fl": r"Florida",
    "us-il": r"Illinois",
    "us-ky": r"Kentucky",
    "us-ma": r"Massachusetts",
    "us-mi": r"Michigan",
    "us-nh": r"New Hampshire",
    "us-ny": r"New York|NYDFS|Hochul",
    "us-sd": r"South Dakota",
    "us-tx": r"Texas",
    "us-wy": r"Wyoming",
}
_STATES = frozenset(place.replace("-", "_") for place in _PLACES if place.startswith(f"{_UNION}-"))
_ANY_PLACE = re.compile(
    "|".join(rf"(?P<{place.replace('-', '_')}>\b(?:{words})(?!\w))" for place, words in _PLACES.items())
)
# A firm gets a licence: its name in capitals right before the verb, and the licence within the words after.
_GRANTED = re.compile(
    r"((?:(?:[A-Z]|\d+[A-Za-z])[\w.&'’,-]* ){1,4})"
    r"(?i:secures?d?|wins|won|lands|obtains?|obtained|gets|got|receives?d?|scores|bags|gains|nabs|earns|achieves|notches"
    r"|clinches|snags|granted|awarded)\b"
    r"(?i:\W+[\w.'’-]+){0,6}?\W+(?i:licen[sc]es?|charter|authori[sz]ation|registration)\b"
)
# What firms that get licences are called beside their names, whose they are, and what begins with no letter.
_NO_NAME = re.compile(
    r"and|arm|bank|bitcoin|breaking|broker|brokerage|company|crypto|custodian|digital|exchange|fintech|firm|first|giant"
    r"|group|holdings|issuer|just-in|leading|major|new|platform|provider|stablecoin|startup|subsidiary|the|trading|unit"
    r"|.*-(?:backed|listed|based|owned)|(?!\d*[^\W\d]).*"
)


def places_in(plain: str, category: str) -> frozenset[str]:
    """Places whose rules a title of `ACTS_OF_PLACES` tells of, as ids; empty for other kinds.

    The union has its states with it, for a federal act is also named by its seat; states part from each other.
    """
    if category not in ACTS_OF_PLACES:
        return frozenset()
    found = list(_ANY_PLACE.finditer(plain))
    own = [one for one, before in zip(found, [None, *found], strict=False) if not _is_anothers(one, before)]
    places = {_UNION if one.lastgroup == _OFFICE else str(one.lastgroup) for one in own}
    return frozenset(places | _STATES if _UNION in places else places)


def _is_anothers(one: re.Match[str], before: re.Match[str] | None) -> bool:
    """Whether it is an office that is named right after the place whose it is, as in "Poland's Senate"."""
    if one.lastgroup != _OFFICE or before is None:
        return False
    return re.fullmatch(r"(?:['’]s?)? ", one.string[before.end() : one.start()]) is not None


def licensed_in(plain: str) -> frozenset[str]:
    """Names, in small letters, of who a title says got a licence; empty where it names nobody by name."""
    found = _GRANTED.search(plain)
    if found is None:
        return frozenset()
    named = _ANY_PLACE.sub(" ", found[1]).split()
    words = {re.sub(r"['’]s?$", "", name.lower().strip(".,")) for name in named}
    return frozenset(word for word in words if not _NO_NAME.fullmatch(word))
