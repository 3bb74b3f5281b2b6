"""How well a text is read: recall and precision of statements, and accuracy of what they say, against a gold file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

_NUMBER_TOLERANCE = 1e-6
_PARTS = ("kind", "direction", "number", "window", "comparator", "verdict")
_JUDGEMENTS = {
    "true": "supported",
    "true_of_another_reading": "another_reading",
    "false": "not_supported",
}
_OURS = ("registry", "group")


@dataclass(slots=True)
class Score:
    """Counts of one pass over a gold file; `rows` says for each statement what went wrong."""

    n_gold: int = 0
    n_read: int = 0
    n_matched: int = 0
    n_sure: int = 0
    n_sure_right: int = 0
    right: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_PARTS, 0))
    asked: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_PARTS, 0))
    n_other: int = 0
    n_other_silent: int = 0
    faults: list[dict[str, Any]] = field(default_factory=list)

    @property
    def recall(self) -> float | None:
        """Share of the gold statements that were read."""
        return self.n_matched / self.n_gold if self.n_gold else None

    @property
    def precision(self) -> float | None:
        """Share of the statements read that stand in the gold."""
        return self.n_matched / self.n_read if self.n_read else None

    def rows(self) -> list[dict[str, Any]]:
        """The measures as rows of name, value (a share) and n."""
        measures: list[tuple[str, float | None, int]] = [
            ("recall", self.recall, self.n_gold),
            ("precision", self.precision, self.n_read),
        ]
        for part in _PARTS:
            n = self.asked[part]
            measures.append((part, self.right[part] / n if n else None, n))
        measures.append(("sure", self.n_sure / self.n_read if self.n_read else None, self.n_read))
        measures.append(("sure_right", self.n_sure_right / self.n_sure if self.n_sure else None, self.n_sure))
        measures.append(
            ("silent_on_the_rest", self.n_other_silent / self.n_other if self.n_other else None, self.n_other)
        )
        return [{"measure": name, "share": share, "n": n} for name, share, n in measures]


def score_answers(gold: Iterable[dict[str, Any]], answers: dict[str, dict[str, Any]]) -> Score:
    """Compare answers (the JSON of factcheck, by id) with gold rows.

    The gold that has to be found are the statements about the past (`is_past_statement`) of a registry asset or group
    whose kind is not `other_quantity`; all others have to stay out of `statements`. A gold statement and an answer
    match when they name the same asset, are of the same kind, and their spans share a character (gold spans are bytes
    of UTF-8); each is used once, pairs with the same number and then the longest overlap first. Where no answer of the
    kind is left, an answer of another kind with the same asset and span matches as a wrong kind: it counts for recall,
    and as an error of kind. The other parts are compared on matched statements of the right kind. A verdict is right
    when it is the gold judgement; of a `near_miss` either neighbour will do. `sure_right` counts the sure statements
    that match and whose direction and number are right.
    """
    score = Score()
    for row in gold:
        answer = answers.get(row["id"], {"statements": []})
        _score_row(score, row, answer["statements"])
    return score


def _score_row(score: Score, row: dict[str, Any], read: list[dict[str, Any]]) -> None:
    wanted = [_with_characters(row["text"], gold) for gold in row["statements"] if _is_wanted(gold)]
    others = [_with_characters(row["text"], gold) for gold in row["statements"] if not _is_wanted(gold)]
    score.n_gold += len(wanted)
    score.n_read += len(read)
    score.n_sure += sum(answer["certainty"] == "sure" for answer in read)
    pairs = _pair(wanted, read)
    score.n_matched += len(pairs)
    for gold_at, read_at in pairs:
        _score_pair(score, row, wanted[gold_at], read[read_at])
    used = {read_at for _, read_at in pairs}
    extra = [answer for k, answer in enumerate(read) if k not in used]
    for gold in others:
        score.n_other += 1
        score.n_other_silent += not any(_overlap(gold, answer) and gold["asset"] == answer["asset"] for answer in extra)
    found = {gold_at for gold_at, _ in pairs}
    score.faults += [_fault(row, "missed", gold=gold) for k, gold in enumerate(wanted) if k not in found]
    score.faults += [_fault(row, "invented", read=answer) for answer in extra]


def _is_wanted(gold: dict[str, Any]) -> bool:
    return bool(gold["is_past_statement"] and gold["scope"] in _OURS and gold["kind"] != "other_quantity")


def _with_characters(text: str, gold: dict[str, Any]) -> dict[str, Any]:
    start, end = (len(text.encode()[:offset].decode(errors="ignore")) for offset in gold["span"])
    return gold | {"start": start, "end": end}


def _overlap(gold: dict[str, Any], read: dict[str, Any]) -> int:
    return int(max(0, min(gold["end"], read["end"]) - max(gold["start"], read["start"])))


def _pair(wanted: list[dict[str, Any]], read: list[dict[str, Any]]) -> list[tuple[int, int]]:
    candidates = [
        (gold["kind"] != answer["kind"], not _same_number(gold, answer), -_overlap(gold, answer), i, j)
        for i, gold in enumerate(wanted)
        for j, answer in enumerate(read)
        if gold["asset"] == answer["asset"] and _overlap(gold, answer)
    ]
    pairs: list[tuple[int, int]] = []
    for _, _, _, i, j in sorted(candidates):
        if i not in {pair[0] for pair in pairs} and j not in {pair[1] for pair in pairs}:
            pairs.append((i, j))
    return pairs


def _score_pair(score: Score, row: dict[str, Any], gold: dict[str, Any], read: dict[str, Any]) -> None:
    is_kind = gold["kind"] == read["kind"]
    outcome = {"kind": is_kind}
    if is_kind:
        outcome["direction"] = gold["direction"] == read["direction"]
        if gold["size"] is not None or gold["price"] is not None:
            outcome["number"] = _same_number(gold, read)
            outcome["comparator"] = (gold["comparator"] or "exact") == (read["comparator"] or "exact")
        outcome["window"] = _same_window(gold, read)
        if read.get("verdict") is not None and gold.get("truth"):
            outcome["verdict"] = _same_verdict(gold["truth"], read["verdict"])
    for part, is_right in outcome.items():
        score.asked[part] += 1
        score.right[part] += is_right
        if not is_right:
            score.faults.append(_fault(row, part, gold=gold, read=read))
    if read["certainty"] == "sure":
        score.n_sure_right += is_kind and outcome["direction"] and outcome.get("number", True)


def _same_number(gold: dict[str, Any], read: dict[str, Any]) -> bool:
    for name in ("size", "price", "price_high"):
        wanted, said = gold.get(name), read.get(name)
        if wanted is None and name != "size":
            if name == "price" and said is not None and gold["kind"] not in ("drawdown",):
                return False
            continue
        if (wanted is None) != (said is None):
            return False
        if wanted is not None and said is not None and abs(wanted - said) > _NUMBER_TOLERANCE * max(1.0, abs(wanted)):
            return False
    return True


def _same_window(gold: dict[str, Any], read: dict[str, Any]) -> bool:
    said = (read["window"] or {}).get("token")
    wanted = gold["window"]
    return bool(wanted == said or _EQUAL.get(str(wanted), wanted) == _EQUAL.get(str(said), said))


# Tokens that name the same stretch.
_EQUAL = {
    "PT24H": "trailing_24h_unsaid",
    "P1D": "trailing_24h_unsaid",
    "P1W": "P7D",
    "P30D": "P1M",
    "P365D": "P1Y",
    "P12M": "P1Y",
}


def _same_verdict(truth: dict[str, Any], verdict: str) -> bool:
    judgement = truth["judgement"]
    return bool(_JUDGEMENTS.get(judgement, judgement) == verdict) or bool(truth.get("near_miss"))


def _fault(
    row: dict[str, Any], what: str, gold: dict[str, Any] | None = None, read: dict[str, Any] | None = None
) -> dict[str, Any]:
    return {"id": row["id"], "fault": what, "text": row["text"], "gold": gold, "read": read}
