"""What has the words of an event and is none makes no event, whoever repeats it."""

import pytest

from analysis.events.wording.exclusions import add_exclusions
from tests.analysis.events.headline_frames import FRAMES, make_headlines, prepare


def reason_of(title: str, **more: str) -> str | None:
    headlines = prepare(make_headlines({"title": title, "at": "2026-06-13T01:00:00Z", **more}))
    return add_exclusions(headlines, FRAMES)["excluded"][0]


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("The Download: a new AI order, and glasses for soldiers", "a digest of many topics"),
        ("Robots Go To War, States Ban AI Therapy, New Model Leads Benchmarks", "a list of topics"),
        ("Betting on AI bill: Polymarket assigns 13% chance before 2027", "odds of a betting market"),
        ("TAO price jumps 20% after halving", "a price move"),
        ("Lawyer predicts Supreme Court fight over state AI laws", "a forecast"),
        ("Op-ed: blocking the merger was a message to Silicon Valley", "opinion"),
        ("Group urges Congress to regulate AI chatbots", "urging"),
        ("Top 10 MiCA-licensed crypto exchanges", "a digest of many topics"),
        ("Arthur Hayes dumps WLD tokens days after pitch", "a trade of a holder"),
        ("China's AI startups surge amid US export controls on Anthropic models", "what followed"),
        ("Best crypto presale to buy as SEC drops its case", "an advertisement"),
        ("Musk's lawsuit puts OpenAI's safety record under the microscope", "opinion"),
        ("The White House is at war with itself over AI rules", "opinion"),
        ("SEC task force to host roundtable on financial privacy", "a calendar"),
        ("Commissioner to join university law faculty", "a change of post"),
        ("Bank restricts Claude access for employees over data retention", "a firm's own affair"),
        ("Example AI Policy", "a firm's own affair"),
        ("OpenAI sets up warroom to investigate users who burn credits", "a firm's own affair"),
        ("Prosecutors use ChatGPT logs as evidence in arson trial", "evidence in another case"),
        ("Rival's cyber model beats Anthropic's banned Mythos", "a comparison of products"),
        ("Startup launches model to fill the gap that Anthropic's export ban created", "what followed"),
        (
            "Jane Doe: AI-native firms will dominate the decade, policy must follow them, and models matter",
            "an interview",
        ),
        ("NEAR enables one-click cross-chain swaps for its token", "an integration"),
        ("Export ban on Anthropic as Polymarket keeps it at 85.5%", "odds of a betting market"),
    ],
)
def test_words_of_an_event_are_not_one(title, reason):
    assert reason_of(title) == reason


@pytest.mark.parametrize(
    "title",
    [
        "Pentagon designates OpenAI a supply chain risk",
        "Anthropic takes Fable 5 offline after US directive",
        "SEC dismisses lawsuit against Gemini with prejudice",
        "Senate committee passes CLARITY Act in 15-9 vote",
        "Attorney general sues Kalshi over prediction markets",
        "Governor signs AI safety bill, lawmakers and labs respond",
        "US government presses Meta to submit AI models for review",
        "EU orders Meta to open WhatsApp to rival AI chatbots",
        "Senate confirms Selig to lead CFTC",
    ],
)
def test_an_act_stays_evidence(title):
    assert reason_of(title) is None


def test_a_labs_partnership_is_its_own_business_only_in_the_labs_feed():
    title = "Expanding our partnership with the UK government"
    assert reason_of(title, outlet_kind="lab") == "a lab's own product or partnership"
    assert reason_of(title) is None
