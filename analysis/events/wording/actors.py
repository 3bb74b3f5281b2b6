"""Whose rule a headline tells of, by the places that it names, and who got the licence that it tells of."""

from __future__ import annotations

import re

# Kinds of acts that each place has its own of on the same day, in the same words.
ACTS_OF_PLACES = ("crypto_token_regulation", "regulation_legislation")
# Words that stand for a place: itself, who comes from there, and its offices. A state of a union is another place.
_PLACES = {
    "us": r"US|U\.S\.|USA|America|American|Washington|White House|Trump|Biden|SEC|CFTC|OCC|FDIC|IRS|DOJ|FTC|FinCEN"
    r"|Congress|(?:US |U\.S\. )?Senat(?:e|ors?)|Pentagon|Treasury|Fed"
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
_ANY_PLACE = re.compile(
    "|".join(rf"(?P<{place.replace('-', '_')}>\b(?:{words})(?!\w))" for place, words in _PLACES.items())
)
# A firm gets a licence: its name in capitals right before the verb, and the licence within the words after.
_GRANTED = re.compile(
    r"((?:(?:[A-Z]|\d[A-Za-z])[\w.&'’,-]* ){1,4})"
    r"(?i:secures?d?|wins|won|lands|obtains?|obtained|gets|got|receives?d?|scores|bags|gains|nabs|earns|achieves|notches"
    r"|clinches|snags|granted|awarded)\b"
    r"(?i:\W+[\w.'’-]+){0,6}?\W+(?i:licen[sc]es?|charter|authori[sz]ation|registration)\b"
)
# What firms that get licences are called beside their names.
_CALLED = frozenset(
    (
        *(
            "and",
            "arm",
            "bank",
            "bitcoin",
            "breaking",
            "broker",
            "brokerage",
            "company",
            "crypto",
            "custodian",
            "digital",
        ),
        *(
            "exchange",
            "fintech",
            "firm",
            "first",
            "giant",
            "group",
            "holdings",
            "issuer",
            "just-in",
            "leading",
            "major",
        ),
        *("new", "platform", "provider", "stablecoin", "startup", "subsidiary", "the", "trading", "unit"),
    )
)


def places_in(plain: str, category: str) -> frozenset[str]:
    """Places whose rules a title of `ACTS_OF_PLACES` tells of, as ids; empty for other kinds."""
    if category not in ACTS_OF_PLACES:
        return frozenset()
    return frozenset(str(found.lastgroup) for found in _ANY_PLACE.finditer(plain))


def licensed_in(plain: str) -> frozenset[str]:
    """Names, in small letters, of who a title says got a licence; empty where it names nobody by name."""
    found = _GRANTED.search(plain)
    if found is None:
        return frozenset()
    named = _ANY_PLACE.sub(" ", found[1]).split()
    words = {re.sub(r"['’]s?$", "", name.lower().strip(".,")) for name in named}
    return frozenset(words - _CALLED - {""})
