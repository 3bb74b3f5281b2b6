"""Who carries a headline: independent outlets, and primary sources."""

import re

import polars as pl

from analysis.events.vocabulary import Vocabulary

# Kinds of feeds whose words are the news itself. A lab's or network's are where they stand on its own site: others'
# collections of their posts, and newsletters about them, speak for nobody.
PRIMARY_KINDS = ("status", "regulator")
# Names of a publishing house, as it begins, under which its feeds, sections and sites go.
_HOUSES = {
    "the verge": "theverge.com",
    "techcrunch": "techcrunch.com",
    "ars technica": "arstechnica.com",
    "wired": "wired.com",
    "hacker news": "hacker news",
    "hackernews": "hacker news",
    "hn algolia": "hacker news",
    "ycombinator.com": "hacker news",
    "bbc": "bbc.com",
    "cnbc": "cnbc.com",
    "coindesk": "coindesk.com",
    "the defiant": "thedefiant.io",
    "decrypt": "decrypt.co",
    "cointelegraph": "cointelegraph.com",
    "mit technology review": "technologyreview.com",
    "slashdot": "slashdot.org",
    "techmeme": "techmeme.com",
    "nyti.ms": "nytimes.com",
    "reut.rs": "reuters.com",
    "bloomberg": "bloomberg.com",
    "the guardian": "theguardian.com",
    "new york times": "nytimes.com",
}
# Sites of governments anywhere; sites of labs and networks come from entities.toml.
GOVERNMENT_HOSTS = r"\.gov$|\.gov\.[a-z]{2}$|\.mil$|\.europa\.eu$|^europa\.eu$|\.gouv\.fr$|\.gc\.ca$"
# Where exchanges announce what they list, take off or stop; their other pages carry opinion and other people's posts.
EXCHANGE_NOTICES = (
    r"^https?://(?:www\.)?(?:binance\.com/(?:[a-z-]+/)?support/announcement|upbit\.com/service_center/notice"
    r"|okx\.com/(?:[a-z-]+/)?help/|kucoin\.com/(?:[a-z-]+/)?announcement|announcements\.bybit\.com"
    r"|gate\.(?:io|com)/(?:[a-z-]+/)?announcements|support\.kraken\.com|bithumb\.com/.*notice|feed\.bithumb\.com/notice)"
)
# These hosts carry other people's pages, so the host says nothing about who wrote them.
_REDIRECTORS = ("news.google.com", "t.co", "feedproxy.google.com")
# Under these a page may be an account of somebody's own.
_ACCOUNT_HOSTS = ("twitter.com",)
_TWO_LEVEL = r"^(?:co|com|org|gov|net|ac)\.[a-z]{2}$"


def add_carriers(entries: pl.DataFrame, vocabulary: Vocabulary) -> pl.DataFrame:
    """`entries` (url, outlet, outlet_kind) with `host`, `carrier` (who wrote it) and `is_primary`.

    Names of one publishing house are one carrier.

    A link list's headline counts for the site it links to, so that ten reposts of one article are one outlet. What a
    lab's or network's own account posts, and the pages on which exchanges announce, are primary as its own site is.
    """
    named = entries.with_columns(_host().alias("host"))
    own_sites = [h for entity in vocabulary.entities if entity.kind != "provider" for h in entity.hosts]
    site, host = _registrable(pl.col("host")), pl.col("host")
    is_site = host.is_in(own_sites) | site.is_in(own_sites) | host.str.contains(GOVERNMENT_HOSTS)
    # Of a site and an outlet there are thousands of headlines, and one answer.
    sources = named.select("host", "outlet").unique()
    judged = sources.with_columns(_carrier(host).alias("carrier"), is_site.alias("is_own_site"))
    told = named.join(
        judged, on=["host", "outlet"], how="left", validate="m:1", nulls_equal=True, maintain_order="left"
    )
    pages = [page for page in own_sites if "/" in page]
    hosts = [*_ACCOUNT_HOSTS, *(page.split("/")[0] for page in pages)]
    may_be_account = host.is_null() | host.str.strip_prefix("mobile.").is_in(hosts)
    accounts = told.select(pl.when(may_be_account).then("url").alias("url")).select(_account(pages)).to_series()
    is_own = pl.col("is_own_site") | accounts.is_not_null() | pl.col("url").str.contains(EXCHANGE_NOTICES)
    return told.with_columns(
        pl.coalesce(accounts, "carrier").alias("carrier"),
        (pl.col("outlet_kind").is_in(list(PRIMARY_KINDS)) | is_own.fill_null(False)).alias("is_primary"),
    ).drop("is_own_site")


def _account(pages: list[str]) -> pl.Expr:
    """The account or section of somebody's own that a url lies in, as x.com/name; null outside of `pages`."""
    plain = pl.col("url").str.to_lowercase().str.replace(r"^https?://(?:www\.|mobile\.)?(?:twitter\.com/)?", "")
    at_x = pl.col("url").str.contains(r"(?i)^https?://(?:www\.|mobile\.)?twitter\.com/")
    address = pl.when(at_x).then(pl.format("x.com/{}", plain)).otherwise(plain)
    return address.str.extract(rf"^({'|'.join(map(re.escape, pages)) or '$.'})(?:[/?#]|$)", 1)


def carrier_of_row() -> pl.Expr:
    """Who wrote what a row with `url` and `outlet` names: the house of the site linked to, else of the outlet."""
    return _carrier(_host())


def _carrier(host: pl.Expr) -> pl.Expr:
    outlet = pl.col("outlet").str.to_lowercase().str.replace_all(r"\(.*?\)|·.*$|[^\w. ]", "").str.strip_chars()
    is_redirect = host.is_null() | host.is_in(list(_REDIRECTORS))
    return _house(pl.when(is_redirect).then(outlet).otherwise(_registrable(host)).fill_null(outlet))


def _host() -> pl.Expr:
    return pl.col("url").str.extract(r"^https?://([^/:?#]+)", 1).str.to_lowercase().str.strip_prefix("www.")


def publishing_house(outlet: str) -> str:
    """The house behind one name of an outlet, in lower case."""
    name = outlet.lower().strip()
    return next((house for start, house in _HOUSES.items() if name.startswith(start)), name)


def house_or_name(outlet: pl.Expr) -> pl.Expr:
    """The house of a column of outlets where one is known, else the outlet as it is written."""
    name = outlet.str.to_lowercase().str.strip_chars()
    return pl.when(_house(name) != name).then(_house(name)).otherwise(outlet)


def _house(name: pl.Expr) -> pl.Expr:
    """As `publishing_house`, of a column of names."""
    begins = rf"^({'|'.join(map(re.escape, _HOUSES))})"
    return pl.coalesce(name.str.extract(begins, 1).replace(_HOUSES), name)


def _registrable(host: pl.Expr) -> pl.Expr:
    """The last two labels of a host, or three under two-level suffixes such as co.uk."""
    two = host.str.extract(r"([^.]+\.[^.]+)$", 1)
    three = host.str.extract(r"([^.]+\.[^.]+\.[^.]+)$", 1)
    return pl.when(two.str.contains(_TWO_LEVEL)).then(three).otherwise(two).fill_null(host)
