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
        ("TAO stieg am Montag um 23 Prozent.", [("TAO stieg am Montag um 23 Prozent", "other_language")]),
        ("FET gained more than NEAR and ETH on 12 May.", [("FET gained", "unclear")]),
        ("The gap of FET to ETH widened to 12 points.", [("gap of FET to ETH widened to 12", "comparison")]),
        ("TAO verlor am 12. Mai.", [("TAO verlor am 12", "other_language")]),
        ("TAO is back where it was on 12 May.", [("TAO is back where", "comparison")]),
        ("TAO overtook NEAR on 12 May.", [("TAO overtook NEAR", "comparison")]),
        ("FET spent a week above $2.", [("FET spent a week above $2", "unclear")]),
        ("Miners moved 4,000 BTC.", [("4,000", "other_quantity")]),
        ("A slump left 70% of Bitcoin capital in losses.", [("slump left 70%", "other_quantity")]),
        ("Bitcoin claws back 46% of losses.", [("Bitcoin claws back 46%", "other_quantity")]),
        ("A fund reports a 64% increase in Bitcoin ETF holdings.", [("64% increase", "other_quantity")]),
        ("FET/ETH hit a 10-month low.", [("ETH hit a 10-month low", "comparison")]),
        ("The upgrade is a double-edged sword for FET.", []),
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
        ("TAO rose 5% on 12 May. So did FET.", "So did FET"),
        ("TAO rose 5% on 12 May, as did FET.", "did FET"),
        ("TAO rose 5% on 12 May, but not BTC.", "not BTC"),
        ("TAO rose 5% on 12 May; not so BTC.", "not so BTC"),
        ("TAO rose 5% on 12 May, second only to FET.", "second only to FET"),
        ("TAO rose 5% on 12 May, more than twice as much as FET.", "twice as much as FET"),
        ("TAO's gain of 5% on 12 May was its largest one-day gain.", "largest one-day gain"),
        ("TAO, the best performer, rose 5% on 12 May.", "best performer"),
        ("TAO lost 5% on 12 May, its third straight decline.", "straight decline"),
        ("TAO rose 5% on 12 May – its best day since March.", "its best day since March"),
        ("TAO rose 5% on 12 May, one of its best days.", "one of its best days"),
        ("TAO rose 5% on 12 May, and FET rose half as much.", "FET rose"),
        ("TAO is up 5% on 12 May, 3% better than FET.", "3%"),
    ],
)
def test_the_half_of_a_sentence_that_no_form_reads_says_so(text: str, left: str) -> None:
    kinds, unjudged = told(text)
    assert kinds == ["percent_move"]
    assert [words for words, _ in unjudged] == [left]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("FET sank to its lowest price of the year on 12 May.", "comparison"),
        ("Half of AI coins fell on 12 May.", "unclear"),
        ("A quarter of altcoins rose on 12 May.", "unclear"),
        ("80% of altcoins rose on 12 May.", "unclear"),
        ("Just one AI token, FET, rose on 12 May.", "unclear"),
        ("All altcoins except FET rose on 12 May.", "comparison"),
        ("Every AI token but FET fell on 12 May.", "comparison"),
        ("FET drops whenever a chip maker reports.", "unclear"),
        ("FET traded above $2 for most of 12 May.", "unclear"),
        ("FET closed below $2 for the fifth day in a row.", "unclear"),
        ("For the fifth day in a row, FET fell on 12 May.", "unclear"),
        ("Bitcoin slid toward a fifth straight monthly loss.", "unclear"),
        ("FET could have lost 5% on 12 May.", "hedged"),
        ("FET seems to have lost 5% on 12 May.", "hedged"),
        ("In yen terms, FET lost 5% on 12 May.", "comparison"),
        ("ETH/BTC fell 5% on 12 May.", "comparison"),
        ("FET's slide on Tuesday soon ended.", "unclear"),
        ("Neither ETH nor FET fell on 12 May.", "denied"),
        ("FET has fallen on each of the past three days.", "unclear"),
        ("FET sank to this month's low.", "unclear"),
        ("FET's highest close in May was $2.", "comparison"),
        ("It is open whether FET lost 5% on 12 May.", "hedged"),
        ("Counted in ether, FET lost 5% on 12 May.", "comparison"),
        ("FET-ETH sank on 12 May.", "comparison"),
        ("No AI token rose on 12 May.", "comparison"),
        ("Why isn't ETH rallying", "unclear"),
        ("None of the large altcoins fell on 12 May.", "denied"),
        ("Not a single AI token fell on 12 May.", "denied"),
        ("FET lost 5% within 24 hours of Forge's outage.", "unclear"),
    ],
)
def test_a_word_that_no_form_reads_leaves_its_phrase_unjudged(text: str, reason: str) -> None:
    kinds, unjudged = told(text)
    assert kinds == []
    assert [why for _, why in unjudged] == [reason]


@pytest.mark.parametrize(
    "text",
    [
        "None bought as FET lost 5% on 12 May.",
        "None of the news mattered: FET lost 5% on 12 May.",
        "Most altcoins fell on 12 May.",
        "FET/USDT lost 5% on 12 May.",
        "FET lost 5% on 12 May and ETH fell for a third straight day.",
        "In dollar terms, FET lost 5% on 12 May.",
        "Half of traders sold as FET lost 5% on 12 May.",
        "The smallest AI token, FET, fell on 12 May.",
        "FET lost 5%, trailing ETH, on 12 May.",
        "FET lost 5% of its value on 12 May.",
    ],
)
def test_a_word_of_something_else_leaves_a_statement(text: str) -> None:
    statement = read_text(text, SAID_AT).statements[0].statement
    assert statement.window is not None
    assert statement.window.token == "day:2026-05-12"


def test_a_word_for_a_group_that_introduces_a_market_is_no_subject() -> None:
    read = read_text("The smallest AI token, FET, fell on 12 May.", SAID_AT)
    assert [item.statement.asset for item in read.statements] == ["FET"]


@pytest.mark.parametrize(
    ("text", "markets", "versus"),
    [
        ("Among the large AI tokens, TAO was up 5% on 12 May.", ["TAO"], ()),
        ("TAO rose 5% on 12 May, compared with a 1% gain for Bitcoin.", ["TAO", "BTC"], ()),
        ("TAO outperformed both FET and NEAR on 12 May.", ["TAO"], ("FET", "NEAR")),
        ("TAO outpaced Bitcoin's 1% rise on 12 May.", ["TAO", "BTC"], ("BTC",)),
        ("TAO led AI tokens with a gain of 5% on 12 May.", ["TAO", "TAO"], ("AI_TOKENS",)),
    ],
)
def test_each_number_is_its_own_market(text: str, markets: list[str], versus: tuple[str, ...]) -> None:
    read = read_text(text, SAID_AT).statements
    assert [item.statement.asset for item in read] == markets
    assert read[0].statement.versus == versus
    assert not versus or read[0].statement.size is None


@pytest.mark.parametrize(
    ("text", "comparator"),
    [
        ("TAO rose 5% on 12 May, if not more.", "at_least"),
        ("TAO rose 5% or more on 12 May.", "at_least"),
        ("TAO rose 5% or so on 12 May.", "about"),
        ("TAO was up 5% at one point on 12 May.", "up_to"),
        ("TAO rose to $283 or more.", "at_least"),
        ("TAO rose 5% on 12 May, more on 13 May.", "exact"),
    ],
)
def test_words_behind_a_number_say_how_it_is_meant(text: str, comparator: str) -> None:
    assert str(read_text(text, SAID_AT).statements[0].statement.comparator) == comparator


def test_a_sentence_that_takes_up_a_market_says_what_is_not_read() -> None:
    assert told("FET rose 5% on 12 May. That night it fell.") == (["percent_move"], [("fell", "unclear")])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("TAO rose 5% on 12 May, but only for an hour.", "unclear"),
        ("TAO rose, though only on Kraken.", "unclear"),
        ("TAO rose for only an hour on 12 May.", "unclear"),
        ("TAO opened lower on 12 May.", "unclear"),
        ("TAO closed between $260 and $265 on 12 May.", "unclear"),
        ("TAO fell from Wednesday to Friday last week.", "unclear"),
        ("TAO fell on both 11 May and 12 May.", "unclear"),
        ("TAO rose 5% on Kraken only.", "unclear"),
        ("Twice as much as FET, TAO rose on 12 May.", "comparison"),
        ("TAO rose more on 12 May than on 11 May.", "unclear"),
        ("TAO rose no more than 5% on 12 May.", "unclear"),
        ("TAO has yet to reclaim $300.", "denied"),
        ("Reports that TAO rose 5% are exaggerated.", "denied"),
        ("TAO was among the top five gainers on 12 May.", "comparison"),
        ("TAO rallied 35% from its low to its high.", "unclear"),
        ("TAO hit a new high for the month on 12 May.", "unclear"),
        ("Five of six AI tokens rose on 12 May.", "unclear"),
        ("TAO's advance on 12 May was its seventh in eight days.", "unclear"),
        ("TAO fell for a third day on 12 May.", "unclear"),
        ("TAO closed higher on 12 May than on any day since March.", "comparison"),
        ("The AI token gained 5% on 12 May.", "other_market"),
    ],
)
def test_what_limits_or_denies_a_statement_leaves_nothing_to_judge(text: str, reason: str) -> None:
    kinds, left = told(text)
    assert kinds == []
    assert reason in [why for _, why in left]


def test_a_second_verb_that_no_form_reads_is_told() -> None:
    assert told("TAO rallied on 12 May and fell the next day.") == (["direction_only"], [("fell", "unclear")])


@pytest.mark.parametrize(
    "text",
    [
        "TAO rose 5% on Binance.",
        "On Kraken, TAO rose 5% on 12 May.",
        "TAO rose 5% in Binance trading.",
        "TAO and FET rose more than 5% and less than 3%, respectively, on 12 May.",
        "TAO was up 5% before falling back on 12 May.",
        "TAO fell 5% in early Asian trading.",
        "TAO rose less than 5% on 12 May.",
        "TAO rose 5% on 12 May, then fell to $280.",
        "TAO has doubled to $262.",
    ],
)
def test_a_reading_that_may_be_another_is_not_sure(text: str) -> None:
    assert not read_text(text, SAID_AT).statements[-1].is_sure
