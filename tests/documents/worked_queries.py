"""The queries of docs/queries.md, as a reader copies them."""

import re

from tests.paths import PROJECT

_BLOCK = re.compile(r"^## (?P<title>\d+\. .+?)$\n+```sql\n(?P<sql>.+?)```", re.MULTILINE | re.DOTALL)


def worked_queries() -> dict[str, str]:
    """SQL by heading, in the order of the page."""
    text = (PROJECT / "docs" / "queries.md").read_text()
    return {match["title"]: match["sql"] for match in _BLOCK.finditer(text)}
