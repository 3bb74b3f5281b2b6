"""A headline says where an act leads by its verb, what the verb is done to, and what denies it."""

import pytest

from analysis.events.wording.bearing import ENABLES, NEITHER, RESTRICTS, Bearings
from tests.analysis.events.headline_frames import VOCABULARY

BEARINGS = Bearings(VOCABULARY)


@pytest.mark.parametrize(
    ("title", "bearing"),
    [
        ("Commerce restricts exports of AI chips", RESTRICTS),
        ("State passes AI safety bill requiring audits", RESTRICTS),
        ("Regulator opens antitrust probe into Google", RESTRICTS),
        ("US clears way for antitrust inquiries of Nvidia", RESTRICTS),
        ("Commerce lifts ban on AI chips", ENABLES),
        ("Regulator approves sale of AI chips", ENABLES),
        ("Regulator approves ban on AI chips", RESTRICTS),
        ("Judge blocks ban on AI chatbots", ENABLES),
        ("Judge blocks AI chatbots", RESTRICTS),
        ("Judge blocks termination of grants", NEITHER),
        ("House draft prohibits state AI rules", ENABLES),
        ("Judge dismisses lawsuit against OpenAI", ENABLES),
        ("Judge rejects Meta's bid to dismiss lawsuit", RESTRICTS),
        ("Commission delays AI rules", ENABLES),
        ("Judge delays approval of Anthropic settlement", NEITHER),
        ("US holds off on blacklisting DeepSeek", NEITHER),
        ("Judge holds back on Anthropic settlement", NEITHER),
        ("US refuses to lift ban on AI chips", NEITHER),
        ("US does not ban AI chips", NEITHER),
        ("US presses Meta to agree to reviews", NEITHER),
        ("White House considers ban on AI chips", NEITHER),
        ("Labs let the US government test models", NEITHER),
        ("Pentagon uses model despite blacklist", None),
    ],
)
def test_a_verb_is_read_with_its_object_and_what_denies_it(title, bearing):
    assert BEARINGS.of_title(title) == bearing


@pytest.mark.parametrize(
    ("title", "bearing"),
    [
        ("US tightens export controls on AI chips", RESTRICTS),
        ("US imposes license requirement on Nvidia chip exports to China", RESTRICTS),
        ("Commerce Department imposes export curbs on Nvidia chips", RESTRICTS),
        ("Chinese AI firm Zhipu hit by US export ban", RESTRICTS),
        ("US imposes export ban on Nvidia H20", RESTRICTS),
        ("Senate passes Chip Access Act", RESTRICTS),
        ("US lifts export ban on Nvidia H20", ENABLES),
        ("Trump scraps AI chip export rules", ENABLES),
        ("US drops license requirement for chips", ENABLES),
        ("US suspends chip export controls for a year", ENABLES),
    ],
)
def test_a_burden_on_a_benefit_is_a_burden(title, bearing):
    assert BEARINGS.of_title(title) == bearing


@pytest.mark.parametrize(
    ("title", "bearing"),
    [
        ("EU Parliament approves delay to AI Act", ENABLES),
        ("EU proposes delay to AI Act rules", ENABLES),
        ("EU rejects delay to AI Act", RESTRICTS),
        ("EU extends deadline for AI Act rules", ENABLES),
        ("Senate extends moratorium on state AI laws", ENABLES),
        ("Senate strikes down moratorium on state AI laws", RESTRICTS),
        ("Judge denies Musk's bid to block OpenAI's for-profit conversion", ENABLES),
        ("Judge grants request to halt OpenAI conversion", RESTRICTS),
        ("Anthropic loses bid to block Pentagon blacklist", RESTRICTS),
        ("House passes bill to ban state AI laws", ENABLES),
        ("House passes bill to limit AI chip exports", RESTRICTS),
        ("Governor vetoes bill to repeal AI act", RESTRICTS),
        ("Governor vetoes bill to regulate AI chatbots", ENABLES),
        ("Judge orders Pentagon to lift ban on Anthropic", ENABLES),
        ("Trump orders agencies to stop using Anthropic", RESTRICTS),
        ("Trump orders federal agencies to adopt AI from OpenAI", NEITHER),
        ("Judge orders OpenAI to preserve chat logs", RESTRICTS),
    ],
)
def test_what_is_done_to_something_else_leads_where_that_leads(title, bearing):
    assert BEARINGS.of_title(title) == bearing


@pytest.mark.parametrize(
    ("title", "bearing"),
    [
        ("Supreme Court lets Pentagon ban on Anthropic take effect", RESTRICTS),
        ("Judge lets Musk's lawsuit against OpenAI go to trial", RESTRICTS),
        ("US reinstates export ban on Nvidia chips", RESTRICTS),
        ("Appeals court upholds Pentagon ban on Anthropic", RESTRICTS),
        ("Court revives authors' lawsuit against Meta", RESTRICTS),
        ("Appeals court overturns Pentagon ban on Anthropic", ENABLES),
        ("EU closes antitrust investigation into Meta AI", ENABLES),
        ("US closes loophole on Nvidia chip exports", None),
        ("OpenAI loses copyright lawsuit in Germany", RESTRICTS),
        ("xAI loses lawsuit against OpenAI", NEITHER),
        ("OpenAI loses chief scientist to Meta", NEITHER),
        ("Anthropic wins injunction against Pentagon ban", NEITHER),
        ("GSA adds ChatGPT and Claude to approved vendor list", ENABLES),
        ("US adds DeepSeek to entity list", RESTRICTS),
        ("US removes AI firm from entity list", ENABLES),
        ("Italy unbans ChatGPT", ENABLES),
        ("US bans AI chip sales to China under new rules", RESTRICTS),
        ("FTC blocks merger of Nvidia and Arm", RESTRICTS),
        ("Court Overturns Ban on AI Chips Over Free Speech", ENABLES),
        ("US Blocks AI Firm Over Sanctions Breach", RESTRICTS),
    ],
)
def test_what_stands_is_laid_and_what_is_lost_is_the_loser_s(title, bearing):
    assert BEARINGS.of_title(title) == bearing


@pytest.mark.parametrize(
    ("title", "bearing"),
    [
        ("Export ban on Nvidia chips lifted", ENABLES),
        ("Export ban on Nvidia chips blocked by judge", ENABLES),
        ("AI bill vetoed by governor", ENABLES),
        ("AI bill approved by Senate", RESTRICTS),
        ("Nvidia chip licenses revoked", RESTRICTS),
        ("US ban on AI chips takes effect", RESTRICTS),
        ("US ban on AI chips could hit Nvidia", NEITHER),
    ],
)
def test_what_something_is_done_to_may_stand_before_the_verb(title, bearing):
    assert BEARINGS.of_title(title) == bearing


@pytest.mark.parametrize(
    ("title", "bearing"),
    [
        ("Publishers sue Meta over training data", RESTRICTS),
        ("Meta sued by publishers over training data", RESTRICTS),
        ("Anthropic faces class action lawsuit over usage limits", RESTRICTS),
        ("Google sues cybercrime ring that used stolen names", NEITHER),
        ("Firm sues US government over access to Claude", NEITHER),
        ("xAI sues Colorado over AI law", NEITHER),
    ],
)
def test_a_suit_restricts_who_is_sued_where_that_is_one_of_ours(title, bearing):
    assert BEARINGS.of_title(title) == bearing


def test_titles_that_say_opposite_things_say_neither_and_few_say_nothing_for_the_rest():
    lifts, bans, talks = "US lifts ban on AI chips", "US bans AI chips", "US presses Meta"
    assert BEARINGS.of_titles([lifts, bans]) == NEITHER
    assert BEARINGS.of_titles([lifts, lifts, bans]) == ENABLES
    assert BEARINGS.of_titles([bans, talks, talks]) == NEITHER
    assert BEARINGS.of_titles([bans, *["AI chips in the news"] * 3]) == RESTRICTS
    assert BEARINGS.of_titles([bans, *["AI chips in the news"] * 4]) == NEITHER
    assert BEARINGS.of_titles(["AI chips in the news"]) is None
