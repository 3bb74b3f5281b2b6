"""What a host's robots.txt allows (RFC 9309): the longest matching rule of the most specific group."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

PRODUCT = "aftershock"
# RFC 9309, section 2.5: at least 500 KiB must be read; more need not be.
MAX_ROBOTS_BYTES = 512_000


@dataclass(frozen=True, slots=True)
class Rule:
    """One allow or disallow line."""

    pattern: str
    is_allowed: bool


def is_allowed(robots: str, url: str) -> bool:
    """Whether `robots`, the text of the host's file, lets us fetch `url`; an empty file allows everything."""
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    matching = [rule for rule in rules_for(robots, PRODUCT) if _matches(rule.pattern, path)]
    # The longest rule wins; of equals, the one that allows.
    best = max(matching, key=lambda rule: (len(rule.pattern), rule.is_allowed), default=None)
    return best is None or best.is_allowed


def rules_for(robots: str, product: str) -> list[Rule]:
    """The rules of the groups that name `product`, else of those for everybody."""
    groups: dict[str, list[Rule]] = {}
    agents: list[str] = []
    is_naming = False
    for line in robots[:MAX_ROBOTS_BYTES].splitlines():
        key, _, value = line.split("#", 1)[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if key == "user-agent":
            agents = [*agents, value.lower()] if is_naming else [value.lower()]
            is_naming = True
            for agent in agents:
                groups.setdefault(agent, [])
        elif key in ("allow", "disallow"):
            is_naming = False
            if value:
                for agent in agents:
                    groups[agent].append(Rule(value, key == "allow"))
    return groups.get(product, groups.get("*", []))


def _matches(pattern: str, path: str) -> bool:
    """Whether a rule's path, with `*` for anything and a final `$` for the end, is a prefix of `path`."""
    is_anchored = pattern.endswith("$")
    first, *rest = [unquote(piece) for piece in pattern.rstrip("$").split("*")]
    text = unquote(path)
    if not text.startswith(first):
        return False
    position = len(first)
    for piece in rest:
        found = text.rfind(piece, position) if is_anchored and piece is rest[-1] else text.find(piece, position)
        if found < 0:
            return False
        position = found + len(piece)
    return not is_anchored or position == len(text)
