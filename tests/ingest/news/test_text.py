"""Nothing but words survives into titles, nothing but web addresses into links."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.news.parse.text import clean_link, plain_text

MARKUP = re.compile(r"<[A-Za-z/!?]")
FRAGMENTS = [
    "<b>",
    "</b>",
    "<script>alert(1)</script>",
    "&lt;",
    "&gt;",
    "&amp;",
    "&#60;",
    "<![CDATA[",
    "]]>",
    "<!--",
    "x",
]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("AT&amp;T", "AT&T"),
        ("a < b & c", "a < b & c"),
        ("<p>One</p><p>Two<br/>three</p>", "One Two three"),
        ("<img src=x onerror=alert(1)>Title", "Title"),
        ("&amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt; hi", "hi"),
        ("<script>alert(1)</script>", None),
        ("<style>p{}</style> text", "text"),
        ("<![CDATA[Hello <b>w</b>]]>", "Hello w"),
        ("zero\u200bwidth \u202eright to left", "zerowidth right to left"),
        ("I <3 TAO", "I <3 TAO"),
        ("  a \n\t b ", "a b"),
        ("up 3\xa0%", "up 3 %"),
        ("", None),
        (None, None),
    ],
)
def test_markup_becomes_words(written: str | None, read: str | None) -> None:
    assert plain_text(written) == read


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=8)), max_size=12).map("".join))
def test_no_markup_survives_and_cleaning_is_stable(written: str) -> None:
    cleaned = plain_text(written)
    assert cleaned is None or not MARKUP.search(cleaned)
    assert cleaned is None or cleaned == " ".join(cleaned.split())


def test_long_text_is_cut_at_a_word() -> None:
    assert plain_text("word " * 200, 20) == "word word word…"


@pytest.mark.parametrize(
    ("written", "link"),
    [
        ("https://a.example/x?u=1&amp;b=2", "https://a.example/x?u=1&b=2"),
        ("/relative", "https://origin.example/relative"),
        ("//other.example/x", "https://other.example/x"),
        ("HTTP://A.example/", "http://A.example/"),
        ('https://a.example/a b"<script>', "https://a.example/a%20b%22%3Cscript%3E"),
        ("https://例え.jp/", "https://xn--r8jz45g.jp/"),
        ("javascript:alert(1)", None),
        ("java\nscript:alert(1)", None),
        ("&#106;avascript:alert(1)", None),
        ("data:text/html,x", None),
        ("file:///etc/passwd", None),
        ("http://", None),
        ("http://[broken/", None),
        ("https://a.example/" + "x" * 5000, None),
        (None, None),
    ],
)
def test_only_web_addresses_are_links(written: str | None, link: str | None) -> None:
    assert clean_link(written, "https://origin.example/feed.xml") == link


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_a_link_is_always_http_and_cannot_end_an_attribute(written: str) -> None:
    link = clean_link(written, "https://origin.example/")
    assert link is None or re.fullmatch(r"https?://[^\s<>\"'`\\]*", link.replace("'", ""))
