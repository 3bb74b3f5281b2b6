"""What words around a statement change is not judged without them, and nothing that is said is passed over."""

from datetime import UTC, datetime

import pytest

from analysis.claims.sentences.reader import read_text

# A Thursday.
SAID_AT = datetime(2026, 5, 14, 18, tzinfo=UTC)


def told(text: str) -> tuple[list[str], list[tuple[str, str]]]:
    """The kinds that a text is read as, and what of it is not judged, with the reasons."""
    read = read_text(text, SAID_AT)
    return [str(item.statement.kind) for item in read.statements], [
        (text[item.start : item.end], item.reason) for item in read.unjudged
    ]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("NEAR ranked third among AI coins on 12 May.", [("NEAR ranked", "comparison")]),
        ("FET was the biggest laggard.", [("FET was the biggest", "comparison")]),
        ("TAO stieg am Montag um 23 Prozent.", [("TAO stieg am Montag um 23", "other_quantity")]),
        ("FET gained more than NEAR and ETH on 12 May.", [("FET gained", "unclear")]),
        ("The gap of FET to ETH widened to 12 points.", [("gap of FET to ETH widened to 12", "comparison")]),
        ("FET spent a week above $2.", [("FET spent a week above $2", "unclear")]),
        ("Miners moved 4,000 BTC.", [("4,000", "other_quantity")]),
        ("Could the slump take FET to $1?", [("slump take FET to $1", "question")]),
        ("Ether ETFs took in $500 million.", [("Ether ETFs took in $500 million", "other_quantity")]),
        ("Bittensor appoints a chief executive.", []),
    ],
)  # fmt: skip
def test_a_sentence_that_no_form_reads_says_so(text: str, left: list[tuple[str, str]]) -> None:
    assert told(text) == ([], left)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("TAO rose 5% on 12 May, followed by FET with 3%.", "FET with 3%"),
        ("TAO rose 5% on 12 May while the rest of the market fell.", "the rest of the market fell"),
        ("TAO rose 5% on 12 May, Bitcoin just 1%.", "Bitcoin just 1%"),
        ("TAO rose 5% on 12 May and FET by 4%.", "FET by 4%"),
        ("TAO rose 5% on 12 May, but BTC did not.", "BTC did not"),
        ("TAO rose 5% on 12 May, and so did FET.", "so did FET"),
        ("TAO is up 5% on 12 May, 3% better than FET.", "3%"),
    ],
)
def test_the_half_of_a_sentence_that_no_form_reads_says_so(text: str, left: str) -> None:
    kinds, unjudged = told(text)
    assert kinds == ["percent_move"]
    assert [words for words, _ in unjudged] == [left]
