"""The language of a headline, from its script and its small words."""

from __future__ import annotations

import polars as pl

UNDETERMINED = "und"

# A share of letters; a headline that only quotes a foreign word keeps its own language.
_SCRIPT_SHARE = 0.2
# Small words, written small (Las Vegas is no Spanish); two of one language, and more than of another, decide.
_SMALL_WORDS = {
    "en": "the of and for with from after over says its has was are to is by that will this how why what new",
    "de": "der die das und für gegen wegen nach vom im mit auf aus bei ein eine nicht wird über wie sich zum zur ist",
    "fr": "le les des du une et pour sur avec aux est contre après par dans qui son ses au ne pas veut",
    "es": "el los las del una y para por con contra tras su sus que se al más está cómo",
    "it": "il gli della delle di un per con contro dopo sono nel alla che più",
    "pt": "da dos das uma para por com contra após seu não na ao mais",
}
_DECIDING = 2
# Characters of one Chinese script only, in the words of this trade.
_TRADITIONAL = "國與個們對發會報機關開與號軟這說時輝達聯經濟區總統歐盟臺灣訴訟應資訊據點產業權網將還從後"
_SIMPLIFIED = "国与个们对发会报机关开号软这说时辉达联经济区总统欧诉讼应资讯据点产业权网将还从后"


def detect_languages(titles: pl.Series) -> pl.Series:
    """BCP 47 codes of titles in their order, `und` where neither script nor small words tell.

    Japanese needs a kana, Korean a syllable of Hangul; Han letters alone are Chinese (zh-Hans or zh-Hant where a letter
    of only one script stands in the title), Cyrillic Russian unless letters say Ukrainian. Latin letters are told by
    two small words of one language, more than of any other; English wins a tie.
    """
    text = pl.col("title").fill_null("")
    letters = text.str.count_matches(r"\p{L}")

    def share(script: str) -> pl.Expr:
        return text.str.count_matches(script) >= _SCRIPT_SHARE * letters

    east = text.str.contains(r"[\p{Hiragana}\p{Katakana}]")
    han = text.str.contains(r"\p{Han}")
    n_traditional, n_simplified = (
        text.str.count_matches(f"[{''.join(sorted(set(own) - set(other)))}]")
        for own, other in ((_TRADITIONAL, _SIMPLIFIED), (_SIMPLIFIED, _TRADITIONAL))
    )
    chinese = (
        pl.when(n_traditional > n_simplified)
        .then(pl.lit("zh-Hant"))
        .when(n_simplified > n_traditional)
        .then(pl.lit("zh-Hans"))
        .otherwise(pl.lit("zh"))
    )
    told = (
        pl.when(east & share(r"[\p{Hiragana}\p{Katakana}\p{Han}]"))
        .then(pl.lit("ja"))
        .when(share(r"\p{Hangul}") & text.str.contains(r"\p{Hangul}"))
        .then(pl.lit("ko"))
        .when(han & share(r"\p{Han}"))
        .then(chinese)
        .when(text.str.contains(r"\p{Cyrillic}") & share(r"\p{Cyrillic}"))
        .then(pl.when(text.str.contains("[іїєґІЇЄҐ]")).then(pl.lit("uk")).otherwise(pl.lit("ru")))
        .otherwise(pl.lit(UNDETERMINED))
    )
    frame = titles.cast(pl.String).to_frame("title").select("title", told.alias("language")).with_row_index("row")
    # Few titles have a small word of another language, and only those are worth six searches.
    is_open = pl.col("language") == UNDETERMINED
    others = frame.filter(is_open & text.str.contains(_pattern(*list(_SMALL_WORDS)[1:])))
    is_english = is_open & (text.str.count_matches(_pattern("en")) >= _DECIDING)
    read = others.select("row", _by_small_words(text).alias("read"))
    return (
        frame.with_columns(pl.when(is_english).then(pl.lit("en")).otherwise("language").alias("language"))
        .join(read, on="row", how="left", validate="1:1", maintain_order="left")
        .select(pl.coalesce("read", "language").alias("language"))
        .to_series()
    )


def _pattern(*languages: str) -> str:
    words = sorted({word for language in languages for word in _SMALL_WORDS[language].split()})
    return rf"\b(?:{'|'.join(words)})\b"


def _by_small_words(text: pl.Expr) -> pl.Expr:
    counts = {language: text.str.count_matches(_pattern(language)) for language in _SMALL_WORDS}
    most = pl.max_horizontal(*counts.values())
    told = pl.lit(UNDETERMINED)
    for language in reversed(_SMALL_WORDS):
        told = pl.when((counts[language] == most) & (most >= _DECIDING)).then(pl.lit(language)).otherwise(told)
    return told


def agreed_language(detected: pl.Series, stated: pl.Expr) -> pl.Expr:
    """The detected language, as the publisher writes it where both mean the same, and the stated one where none is."""
    told = pl.lit(detected)
    is_same = told.str.slice(0, 2) == stated.str.slice(0, 2).str.to_lowercase()
    return pl.when(is_same | (told == UNDETERMINED)).then(stated).otherwise(told)
