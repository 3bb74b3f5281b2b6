"""Contracts of feeds, entries, incidents, stories and events."""

import polars as pl

from warehouse.tables.contract import UTC, Column, Table
from warehouse.tables.keys import ENTRY_ID, EVENT_ID

_RUN_ID = Column("run_id", pl.String, "The run that wrote the row")
TIME_BASIS = Column(
    "time_basis",
    pl.String,
    "Where the claimed time comes from: publisher, submission, crawl, date_only, incident, statement, upper_bound, "
    "first_seen",
)

FEED = Table(
    "core.feed",
    "The feeds we watch.",
    "ingest/news/feeds.toml and the user's config",
    ("feed_id",),
    (
        Column("feed_id", pl.String, "Stable id"),
        Column("title", pl.String, "Name for people"),
        Column("outlet", pl.String, "Who speaks: mirrors and sections of one publisher share it"),
        Column("provider", pl.String, "Entity id of the provider, for status pages", is_nullable=True),
        Column(
            "kind",
            pl.String,
            "Wire format: rss, atom, jsonfeed, statuspage_json, incident_io_json, federal_register, gdelt, ...",
        ),
        Column("category", pl.String, "lab, status, regulator, think_tank, press, aggregator, crypto_press, project"),
        Column("url", pl.String, "Address"),
        Column("language", pl.String, "BCP 47 code"),
        Column("clock", pl.String, "Whose time the entries carry: publisher, submission, date_only"),
        Column("confidence", pl.String, "high, medium or low"),
        Column("interval_minutes", pl.Int64, "How often to ask", "minutes"),
        Column("is_enabled", pl.Boolean, "False for feeds that are known but not asked; the note says why"),
        Column("note", pl.String, "Quirks and licence", is_nullable=True),
        Column("evidence", pl.String, "What the row rests on", is_nullable=True),
    ),
)

DOCUMENT = Table(
    "raw.document",
    "Bytes as received, once per distinct content; a document that brought nothing new is only an ops.fetch row.",
    "downloads of feeds and status pages; imported files",
    ("source_id", "content_sha256"),
    (
        Column("source_id", pl.String, "Feed or file"),
        Column("content_sha256", pl.String, "Hash of the bytes"),
        Column("url", pl.String, "Final address", is_nullable=True),
        Column("fetched_at_utc", UTC, "When these bytes were first received"),
        Column("http_status", pl.Int64, "Status code", is_nullable=True),
        Column("etag", pl.String, "Validator for the next conditional request", is_nullable=True),
        Column("last_modified", pl.String, "Validator for the next conditional request", is_nullable=True),
        Column("n_bytes", pl.Int64, "Size", "bytes"),
        Column("content_type", pl.String, "Media type as declared", is_nullable=True),
        Column(
            "body_zlib", pl.Binary, "The bytes, zlib-compressed; null above the size that is kept", is_nullable=True
        ),
        _RUN_ID,
    ),
)

FETCH = Table(
    "ops.fetch",
    "One row per attempt to reach a source.",
    "downloads",
    ("source_id", "attempted_at_utc"),
    (
        Column("source_id", pl.String, "Feed or venue"),
        Column("attempted_at_utc", UTC, "When we asked"),
        Column("outcome", pl.String, "new, unchanged, transient, permanent, malformed or refused"),
        Column("http_status", pl.Int64, "Status code", is_nullable=True),
        Column(
            "reason", pl.String, "Short reason id of a failure, e.g. timeout, http_429, html_page", is_nullable=True
        ),
        Column("detail", pl.String, "What happened, in words", is_nullable=True),
        Column("n_new", pl.Int64, "Rows that were new"),
        Column("next_attempt_utc", UTC, "Not before", is_nullable=True),
        Column("n_failures", pl.Int64, "Failures in a row, this one included; 0 after a success"),
        Column("etag", pl.String, "Validator for the next conditional request", is_nullable=True),
        Column("last_modified", pl.String, "Validator for the next conditional request", is_nullable=True),
        Column("seconds", pl.Float64, "Duration", "seconds"),
        _RUN_ID,
    ),
)

ENTRY = Table(
    "core.entry",
    "One row per headline and version of its title, with the publisher's clock and ours.",
    "feeds, imports, the bundled record",
    ("entry_id",),
    (
        Column("entry_id", pl.String, "sha256 over feed, guid-or-link and title version"),
        Column("feed_id", pl.String, "Feed or imported collection"),
        Column("outlet", pl.String, "Who published it"),
        Column(
            "outlet_kind",
            pl.String,
            "lab, status, regulator, think_tank, press, aggregator, crypto_press, project, forum",
        ),
        Column("guid", pl.String, "The publisher's id, else the link, else a hash of the title"),
        Column("url", pl.String, "Link, http or https only", is_nullable=True),
        Column("title", pl.String, "Title as plain text"),
        Column("summary", pl.String, "Summary as plain text", is_nullable=True),
        Column("language", pl.String, "BCP 47 code or und"),
        Column("published_at_utc", UTC, "The publisher's claim, inside the sanity window", is_nullable=True),
        Column(
            "published_earliest_at_utc",
            UTC,
            "The earliest that the claim can mean where its zone has several meanings; `published_at_utc` is the latest",
            is_nullable=True,
        ),
        Column("published_raw", pl.String, "The claim as written", is_nullable=True),
        TIME_BASIS,
        Column("first_seen_at_utc", UTC, "When we (or the archive that saw it) first had it"),
        Column("title_version", pl.Int64, "1, then +1 for each revised title"),
        _RUN_ID,
    ),
)

INCIDENT = Table(
    "core.incident",
    "Provider incidents from status pages.",
    "status feeds, status APIs, imported incident files",
    ("incident_id",),
    (
        Column("incident_id", pl.String, "provider:id"),
        Column("provider", pl.String, "Entity id, e.g. anthropic"),
        Column("title", pl.String, "Title as plain text"),
        Column("impact", pl.String, "none, minor, major, critical, maintenance, unknown"),
        Column("components", pl.String, "Affected components, comma-separated", is_nullable=True),
        Column("started_at_utc", UTC, "Start as claimed"),
        Column("resolved_at_utc", UTC, "End as claimed", is_nullable=True),
        Column("first_seen_at_utc", UTC, "When we first had it", is_nullable=True),
        TIME_BASIS,
        Column("url", pl.String, "Address", is_nullable=True),
        Column("source_id", pl.String, "Feed or file"),
        _RUN_ID,
    ),
)

REGISTER_DOCUMENT = Table(
    "core.register_document",
    "Documents of the US Federal Register with the days they were signed, filed for inspection and published.",
    "Federal Register API v1",
    ("document_number",),
    (
        Column("document_number", pl.String, "The register's number"),
        Column("title", pl.String, "Title as plain text"),
        Column("abstract", pl.String, "Abstract as plain text", is_nullable=True),
        Column("kind", pl.String, "rule, proposed_rule, notice, presidential_document or unknown"),
        Column("subkind", pl.String, "executive_order, proclamation, memorandum, ...", is_nullable=True),
        Column("executive_order_number", pl.String, "Number of an executive order", is_nullable=True),
        Column("agencies", pl.String, "Agencies, comma-separated", is_nullable=True),
        Column(
            "signed_on", pl.Date, "Day of signature: the earliest day on which the public could know", is_nullable=True
        ),
        Column("filed_at_utc", UTC, "When it could be inspected before publication", is_nullable=True),
        Column("published_on", pl.Date, "Day of publication; scheduled while it lies ahead"),
        Column(
            "corrects_document_number",
            pl.String,
            "Number of the document that this one corrects: as the register says, else from its own number (C1- or R1-)",
            is_nullable=True,
        ),
        Column("url", pl.String, "Page of the document", is_nullable=True),
        Column("first_seen_at_utc", UTC, "When we first had it"),
        _RUN_ID,
    ),
)

STORY = Table(
    "core.story",
    "The same news across outlets.",
    "analysis.events.stories.grouping over core.entry",
    ("story_id",),
    (
        Column("story_id", pl.String, "Stable id: the entry_id of its first entry, shortened"),
        Column("title", pl.String, "Title of the representative entry"),
        Column("first_public_at_utc", UTC, "Earliest evidence that the public could read it"),
        Column("last_at_utc", UTC, "Latest entry"),
        Column("n_entries", pl.Int64, "Headlines"),
        Column("n_outlets", pl.Int64, "Distinct outlets"),
        Column("is_relevant", pl.Boolean, "AI-policy relevant"),
        Column("category", pl.String, "Main tag, or not_relevant"),
        Column("algorithm_version", pl.String, "Version of grouping and tagging"),
    ),
)

STORY_ENTRY = Table(
    "core.story_entry",
    "Which headline belongs to which story, and why.",
    "analysis.events.stories.grouping",
    ("entry_id",),
    (
        ENTRY_ID,
        Column("story_id", pl.String, "Story"),
        Column("matched_entry_id", pl.String, "The headline it met; null for the first of a story", is_nullable=True),
        Column("similarity", pl.Float64, "Score of that pair", "0 to 100", True),
        Column("reason", pl.String, "exact, near, same_url, same_news, or first"),
        Column("algorithm_version", pl.String, "Version of the grouping"),
    ),
)

STORY_FACT = Table(
    "core.story_fact",
    "What each relevant story says happened, as events are detected from it; a story is read again when its headlines, "
    "their tags or the rules are others.",
    "analysis.events.facts",
    ("story_id",),
    (
        Column("story_id", pl.String, "Story"),
        Column(
            "facts",
            pl.String,
            "Kind of act, parties, houses, words and first evidence, as JSON; null where the story tells no act",
            is_nullable=True,
        ),
        Column("rests_on", pl.String, "Digest of the rules and of the story's headlines with their tags"),
    ),
)

TAG = Table(
    "core.tag",
    "Tags of a headline with the evidence that fired.",
    "analysis.events.tagging",
    ("entry_id", "tag_id"),
    (
        ENTRY_ID,
        Column("tag_id", pl.String, "Category id or entity id"),
        Column("kind", pl.String, "category or entity"),
        Column("score", pl.Float64, "Confidence", "0 to 1"),
        Column("evidence", pl.String, "Words of the headline that fired"),
        Column("rule_version", pl.String, "Version of the rules"),
        Column("is_main", pl.Boolean, "Whether it is the headline's own category, one per headline", is_nullable=True),
    ),
)

EVENT = Table(
    "core.event",
    "Dated and tagged events: one row per thing that happened.",
    "the bundled ledger, detection from stories and incidents, the user's ledger (which always wins)",
    ("event_id",),
    (
        Column("event_id", pl.String, "Stable readable id, e.g. 2026-06-12-access-restriction-fable-mythos"),
        Column("title", pl.String, "What happened, neutral words"),
        Column("summary", pl.String, "One or two sentences", is_nullable=True),
        Column("category", pl.String, "Category id of tags.toml"),
        Column("earliest_at_utc", UTC, "Not before"),
        Column("best_at_utc", UTC, "First public evidence"),
        Column("latest_at_utc", UTC, "Not after"),
        Column("time_precision", pl.String, "second, minute, hour, upper_bound, day"),
        TIME_BASIS,
        Column("ended_at_utc", UTC, "End, for outages and lifted measures", is_nullable=True),
        Column("severity", pl.Int64, "1 minor to 5 exceptional", is_nullable=True),
        Column("direction", pl.String, "restricts, enables or neutral for centralised AI", is_nullable=True),
        Column("jurisdiction", pl.String, "US, EU, UK, CN, ... or global", is_nullable=True),
        Column("entities", pl.String, "Entity ids, comma-separated", is_nullable=True),
        Column("origin", pl.String, "ledger, detected, incident or user"),
        Column("status", pl.String, "confirmed, detected, or rejected"),
        Column("selected_from", pl.String, "news or price: how the event was chosen"),
        Column("n_outlets", pl.Int64, "Independent outlets that carry it", is_nullable=True),
        Column("reason", pl.String, "Why this is an event, in words"),
        Column("source_url", pl.String, "Main public source", is_nullable=True),
        Column("relevance", pl.String, "How much it matters to these tokens: high, medium, low", is_nullable=True),
        Column("relevance_reason", pl.String, "Why it matters so much, in words", is_nullable=True),
    ),
)

NEWS_EPISODE = Table(
    "core.news_episode",
    "Which step of which episode an event is; one alone is an episode of one step. Outages are in none.",
    "analysis.events.episodes",
    ("event_id",),
    (
        EVENT_ID,
        Column("episode_id", pl.String, "event_id of the first step, the only one that is no continuation"),
        Column("step_number", pl.Int64, "1 is the first, in order of public evidence"),
        Column("step", pl.String, "announced, done, reaction or lifted (taken back, put off, dismissed, settled)"),
        Column("previous_event_id", pl.String, "The event that it continues; null for a first step", is_nullable=True),
        Column("hours_after_previous", pl.Float64, "How long after that one", "hours", True),
        Column("announced_at_utc", UTC, "When it was said to come; null where it was done at once", is_nullable=True),
        Column("done_at_utc", UTC, "When it was first reported as done; null where only announced", is_nullable=True),
        Column("reason", pl.String, "Why it continues that event, or none"),
    ),
)

EVENT_REVISION = Table(
    "out.event_revision",
    "When a better clock moved an event's first public evidence: what it was, and what it is since.",
    "analysis.events.recorded.redating",
    ("event_id", "changed_at_utc"),
    (
        EVENT_ID,
        Column("changed_at_utc", UTC, "When a run noted it"),
        Column("before_at_utc", UTC, "First public evidence as it was"),
        Column("before_basis", pl.String, "Where that time came from"),
        Column("after_at_utc", UTC, "First public evidence since"),
        Column("after_basis", pl.String, "Where this time comes from"),
        _RUN_ID,
    ),
)

EVENT_SOURCE = Table(
    "core.event_source",
    "The evidence for an event: each source with both clocks.",
    "ledger and stories",
    ("event_id", "source_number"),
    (
        EVENT_ID,
        Column("source_number", pl.Int64, "1 is the earliest evidence"),
        Column("entry_id", pl.String, "Headline, where stored", is_nullable=True),
        Column("story_id", pl.String, "Story the headline belongs to, where stored", is_nullable=True),
        Column("outlet", pl.String, "Who"),
        Column("title", pl.String, "What it said"),
        Column("url", pl.String, "Where", is_nullable=True),
        Column("published_at_utc", UTC, "The publisher's claim", is_nullable=True),
        Column("first_seen_at_utc", UTC, "When it was first seen by us or an archive", is_nullable=True),
        TIME_BASIS,
        Column(
            "role",
            pl.String,
            "private, announced, first_report, statement, confirmation, reaction, restored, correction",
        ),
    ),
)

CONFOUNDER = Table(
    "core.event_confounder",
    "What else happened inside an event's window.",
    "analysis.events.confounders",
    ("event_id", "confounder_number"),
    (
        EVENT_ID,
        Column("confounder_number", pl.Int64, "Nearest in time first"),
        Column("kind", pl.String, "event, market_move or token_news"),
        Column("other_event_id", pl.String, "The other event", is_nullable=True),
        Column("at_utc", UTC, "When"),
        Column("offset_hours", pl.Float64, "After the event (negative: before)", "hours"),
        Column("detail", pl.String, "In words"),
    ),
)
