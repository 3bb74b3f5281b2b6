"""The language of a headline."""

import polars as pl
import pytest

from ingest.news.parse.entries import parse_feed
from ingest.news.parse.language import detect_languages
from ingest.source import Source
from tests.ingest.news.news_builders import NOW, make_feed, rss

TITLES = [
    ("美国政府下令暂停模型", "zh-Hans"),
    ("美國政府下令暫停模型", "zh-Hant"),
    ("Anthropic 暂停工作", "zh"),
    ("米政府、モデルの停止を命令", "ja"),
    ("미국 정부, 모델 중단 명령", "ko"),
    ("Власти США приостановили доступ", "ru"),
    ("Влада США призупинила доступ до її моделей", "uk"),
    ("Die Regierung sperrt den Zugang und nennt die Gründe nicht", "de"),
    ("Le gouvernement suspend l'accès des étrangers aux modèles", "fr"),
    ("El gobierno suspende el acceso de los extranjeros a la IA", "es"),
    ("High-speed rail between Las Vegas and Los Angeles is to open", "en"),
    ("What the word 管制 means for the market", "en"),
    ("OpenAI", "und"),
]


@pytest.mark.parametrize(("title", "language"), TITLES)
def test_script_and_small_words_tell_the_language(title: str, language: str) -> None:
    assert detect_languages(pl.Series([title])).to_list() == [language]


def test_title_outweighs_what_the_feed_says_and_the_feed_fills_what_it_leaves_open() -> None:
    body = rss("<title>美国政府下令暂停模型</title><guid>1</guid>", "<title>OpenAI</title><guid>2</guid>")
    feed = make_feed(language="en")
    assert parse_feed(body, feed, Source("lab", "r", NOW)).entries["language"].to_list() == ["zh-Hans", "en"]
