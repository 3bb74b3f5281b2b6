"""The line of a key is that of the text, whatever stands around it."""

import pytest

from warehouse.toml_lines import line_of, locate_keys

TEXT = '''\
# [[feed]] in a comment
version = "1"

[groups]
ai = """
[[feed]]
id = 1
"""
"a.b" = 'x # [[feed]]'

[[feed]]
id = "one"
tags = [
  "[[feed]]", # of no entry
  "id = 3",
]
kind = "rss"

[[feed.rule]]
id = "r"

[[feed.rule]]
id = "s"
deep.er = 1

[[feed]]
id = "two"
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("version",), 2),
        (("groups",), 4),
        (("groups", "ai"), 5),
        (("groups", "a.b"), 9),
        (("feed",), 11),
        (("feed", 0, "id"), 12),
        (("feed", 0, "tags"), 13),
        (("feed", 0, "tags", 1), 13),
        (("feed", 0, "kind"), 17),
        (("feed", 0, "rule", 1), 22),
        (("feed", 0, "rule", 1, "id"), 23),
        (("feed", 0, "rule", 1, "deep", "er"), 24),
        (("feed", 1), 26),
        (("feed", 1, "id"), 27),
        (("feed", 1, "missing"), 26),
        (("nowhere",), 1),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_key_is_found_on_its_line(path, line, line_end):
    assert line_of(locate_keys(TEXT.replace("\n", line_end)), path) == line
