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
        ("OpenAI and ChatGPT lawsuit list", "a digest of many topics"),
        ("Maker of the cloud has serious questions to answer after Azure outage", "opinion"),
        ("Robots Go To War, States Ban AI Therapy, New Model Leads Benchmarks", "a list of topics"),
        ("Betting on AI bill: Polymarket assigns 13% chance before 2027", "odds of a betting market"),
        ("TAO price jumps 20% after halving", "a price move"),
        ("TAO falls 15% as Covenant AI exits Bittensor over centralization concerns", "a price move"),
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
        ("SEC crypto task force sets Dec. 15 for privacy roundtable", "a calendar"),
        ("Founder's lawyer denies exchange chief's pardon was pay-to-play", "a denial"),
        ("US export controls are pushing China's AI chip industry to custom silicon", "what followed"),
        ("Commissioner to join university law faculty", "a post or a prize"),
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
        ("Musk takes the stand in his OpenAI trial", "a day in court"),
        ("Live updates from Musk and Altman's court battle over OpenAI", "a day in court"),
        ("App gets private chat as OpenAI faces lawsuits over stored chat logs", "a day in court"),
        ("ECB's Lagarde: euro stablecoins aren't the answer", "talk"),
        ("Musk asked Brockman to settle days before OpenAI trial, court filings show", "a day in court"),
        ("White House's Anthropic move reignites AI debate", "opinion"),
        ("Anthropic employees accuse administration of targeting them", "talk"),
        ("Senate Democrats demand hearings on Trump's crypto deal", "urging"),
        ("House Democrats question SEC on rules for AI trading tools", "urging"),
        ("1.5 million Defense Department workers are now using AI every day", "figures of use"),
        ("AI chipmaker of China wins approval for Shanghai IPO", "a firm's own affair"),
        ("Fund manager launches GENIUS Act-aligned stablecoin reserve fund", "a firm's own product"),
        ("Stablecoins won't strengthen global role of euro, ECB's Lagarde says", "talk"),
        ("Coinbase sends letter to CFTC over prediction market rules", "talk"),
        ("Senator Warren questions OCC chief on crypto trust charters", "talk"),
        ("Senate Republicans press regulators for new crypto capital rules", "urging"),
        ("Family of OpenAI whistleblower demands FBI investigation", "urging"),
        ("Take It Down Act: a flawed attempt to protect victims", "opinion"),
        ("特朗普与 Anthropic 之间的争端如今已演变为网络安全之争", "opinion"),
        ("Founder named best blockchain innovator at UK AI agent hackathon", "a post or a prize"),
        ("Trump-linked stablecoin used for payouts at White House UFC contest", "at the seat of an office"),
        ("NEAR enables one-click cross-chain swaps for its token", "an integration"),
        ("Bittensor set for its first halving", "a plan"),
        ("SEC and CFTC to host joint harmonization event next week", "a calendar"),
        ("US crypto laws to watch out for in 2026", "a calendar"),
        ("The White House is ratcheting up its war against Anthropic", "opinion"),
        ("OpenAI investigates ChatGPT outage in many regions", "a firm's own affair"),
        ("Anthropic argues for government authority to block risky AI models", "urging"),
        ("Futures exchange plans to sue CFTC after approval", "a plan"),
        ("Anthropic CEO says use of Claude in a raid breaks no red line", "talk"),
        ("Fireblocks thwarts exploits on NEAR", "a denial"),
        ("Parent of Worldcoin cuts jobs", "a firm's own affair"),
        ("OpenAI staff walk out over military contract", "a firm's own affair"),
        ("Microsoft AI engineers are unionising over Pentagon work", "a firm's own affair"),
        ("Export ban on Anthropic as Polymarket keeps it at 85.5%", "odds of a betting market"),
        ("How thieves laundered the spoils of the Bittensor hack", "opinion"),
        ("Senate Democrats demand hearings on foreign crypto deal", "urging"),
        ("House Democrats seek SEC answers on AI investment advisers", "urging"),
        ("House Democrats hit SEC with 13 questions on AI agents", "urging"),
        ("Senators launch effort to ban officials from prediction markets", "urging"),
        ("SEC and CFTC chairs to have a sit-down on crypto", "a calendar"),
        ("SEC and CFTC reschedule joint event on crypto", "a calendar"),
        ("OpenAI whistleblower found dead in apartment", "a death"),
        ("Custodian brings GENIUS Act-aligned dollars to banks", "a firm's own product"),
        ("OpenAI weighs legal action against Apple over Siri", "a plan"),
        ("Apple and OpenAI fray, setting up possible lawsuit over ChatGPT", "a plan"),
        ("OpenAI claims safety red lines in its Pentagon deal", "talk"),
        ("President Trump could vet AI models before public release", "a forecast"),
        ("OpenAI whistleblower found dead, death ruled suicide", "a death"),
        ("Parents demand answers from OpenAI over chatbot", "urging"),
        ("Group urges FTC to seek answers from OpenAI", "urging"),
        ("Senators target AI chatbots in hearing", "urging"),
        ("Coalition launches campaign against AI chatbots", "urging"),
        ("OpenAI discussed merger before Musk sued, court documents show", "a day in court"),
        ("Chinese AI chipmaker files for Hong Kong IPO after US export ban", "a firm's own affair"),
        ("Workers accuse Scale AI of misclassification", "talk"),
        ("Sen. Hawley probes Meta over chatbots that flirt with minors", "urging"),
        ("Two senators are probing Nvidia over chip sales to China", "urging"),
        ("Meta's chatbots face inquiry by a Republican senator", "urging"),
        ("Nvidia's chip sales to China raise security concerns", "opinion"),
        ("Order that restricts labs raises questions over speech", "opinion"),
        ("Rep. Moolenaar questions Nvidia over limits on exports", "urging"),
        ("Nvidia faces caps as congressman probes its sales", "urging"),
        ("Denmark won't restrict DeepSeek", "a denial"),
        ("Ottawa has no plans to block Grok", "a denial"),
        ("Seoul rules out ban on ChatGPT", "a denial"),
    ],
)
def test_words_of_an_event_are_not_one(title, reason):
    assert reason_of(title) == reason


@pytest.mark.parametrize(
    "title",
    [
        "Pentagon designates OpenAI a supply chain risk",
        "House lawmakers open probe into Meta chatbots",
        "Senate panel probes Nvidia over chip sales to China",
        "FTC probes Meta over chatbots that flirt with minors",
        "Senators unveil AI chatbot bill after probe by senator",
        "Stablecoin issuer launches stablecoin in Japan after approval under new rules",
        "Treasury launches consultation on GENIUS Act stablecoin rules",
        "EU orders chatbot with 100 million users to verify ages",
        "Judge rules for OpenAI in trial over its profit",
        "Covenant AI exits Bittensor over centralization concerns, TAO falls 15%",
        "Grayscale files S-1 for NEAR ETF, NEAR Protocol price rebounds",
        "Anthropic takes Fable 5 offline after US directive",
        "SEC dismisses lawsuit against Gemini with prejudice",
        "Senate committee passes CLARITY Act in 15-9 vote",
        "Attorney general sues Kalshi over prediction markets",
        "Governor signs AI safety bill, lawmakers and labs respond",
        "US government presses Meta to submit AI models for review",
        "EU orders Meta to open WhatsApp to rival AI chatbots",
        "Senate confirms Selig to lead CFTC",
        "Jury rejects Musk's claims against OpenAI after trial, judge rules",
        "Baltimore sues xAI over deepfakes as legal pressure mounts",
        "Bitwise files to launch ETFs linked to NEAR",
        "Senators reach tentative deal with White House on stablecoin yield rules",
        "Spain bans prediction markets over lack of gambling licence",
        "Appeals court denies Anthropic's bid to block Pentagon label",
        "Regulator rules out extension for non-MiCA compliant crypto firms",
        "House panel opens hearings on AI labs after Senate Democrats' bill",
        "US may take equity stakes in OpenAI and Anthropic",
        "Authors sue OpenAI over books, considering class action next",
        "Parents sue OpenAI after teen died in suicide",
        "Family of man who died after ChatGPT advice sues OpenAI",
        "Character.AI settles lawsuit with family of boy who died at 14",
        "Governor signs AI bill after teen died in chatbot case",
        "FTC seeks answers from OpenAI and Meta on AI chatbots",
        "Texas AG demands answers from Meta AI",
        "EU demands answers from X over Grok",
        "Senators target AI chatbots with new bill",
        "California lawmakers target AI companion chatbots, pass bill",
        "US launches effort to curb AI chip smuggling",
        "SEC launches effort to streamline token rules",
        "OpenAI settles lawsuit with authors, court filing shows",
        "Musk drops lawsuit against OpenAI days before trial",
        "US blacklists Chinese AI chipmaker weeks before IPO",
        "Binance delists stablecoins that are not MiCA compliant",
        "Kraken delists USDT to stay MiCA compliant",
        "Workers accuse Scale AI of misclassification, sue",
        "Labor board orders OpenAI to bargain with union of its workers",
        "Treasury bars Chinese chip funds following scrutiny by lawmakers",
        "EU caps AI chip subsidies while Rep. Khanna probes Intel",
        "Beijing tightens chip export rules as senators grill Nvidia",
        "Congressman questions OpenAI as White House lifts limits on its model",
        "Ofcom fines X and raises safety concerns over Grok",
        "Grok raises privacy questions as Dublin investigates X",
        "Judge will not block Colorado AI law",
        "Senate votes not to restrict state AI laws",
        "Germany blocks DeepSeek and will not say why",
    ],
)
def test_an_act_stays_evidence(title):
    assert reason_of(title) is None


def test_a_labs_partnership_is_its_own_business_only_in_the_labs_feed():
    title = "Expanding our partnership with the UK government"
    assert reason_of(title, outlet_kind="lab") == "a lab's own product or partnership"
    assert reason_of(title) is None


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("多家团体呼吁监管 AI 模型", "urging"),
        ("市民団体、AI 規制を求める", "urging"),
        ("시민단체, AI 규제 촉구", "urging"),
        ("Verband fordert Verbot von KI-Modellen", "urging"),
        ("Une ONG exhorte l'UE à interdire des modèles d'IA", "urging"),
        ("Una asociación pide prohibir modelos de IA", "urging"),
        ("Эксперты призвали ограничить модели ИИ", "urging"),
        ("Anthropic 否认模型被禁用", "a denial"),
        ("앤트로픽, 모델 차단설 부인", "a denial"),
        ("Anthropic dementiert Sperre seines Modells", "a denial"),
        ("Anthropic dément le blocage de son modèle", "a denial"),
        ("Anthropic niega el bloqueo de su modelo", "a denial"),
        ("Anthropic опровергла отключение модели", "a denial"),
        ("Company denies any talks over a ban of its model", "a denial"),
        ("韩国政府没有限制 Claude", "a denial"),
        ("政府、Claude の利用を制限せず", "a denial"),
        ("정부, 클로드 차단하지 않기로", "a denial"),
        ("Die Regierung verbietet Claude nicht", "a denial"),
        ("Le gouvernement ne suspend pas Claude", "a denial"),
        ("El gobierno no vetará Claude", "a denial"),
        ("Правительство не будет запрещать Claude", "a denial"),
        ("美国政府暂停 Anthropic 模型的海外访问", None),
        ("US-Regierung sperrt Modelle von Anthropic", None),
        ("Le gouvernement américain suspend l'accès aux modèles d'Anthropic", None),
        ("美国政府敦促 Meta 提交模型接受审查", None),
        ("Judge denies motion to dismiss suit against OpenAI", None),
    ],
)
def test_in_every_language_what_is_urged_or_denied_was_not_done(title, reason):
    assert reason_of(title) == reason


@pytest.mark.parametrize(
    ("planned", "done"),
    [
        ("美国考虑限制 Anthropic 模型出口", "美国限制 Anthropic 模型出口"),
        ("米政府、Anthropic のモデル輸出規制を検討", "米政府、Anthropic のモデル輸出規制を発表"),
        ("미국, 앤트로픽 모델 수출 통제 검토", "미국, 앤트로픽 모델 수출 통제"),
        ("US-Regierung erwägt Exportkontrolle für Anthropic", "US-Regierung verhängt Exportkontrolle für Anthropic"),
        ("Washington envisage de bloquer Anthropic", "Washington bloque Anthropic"),
        ("EE. UU. estudia prohibir modelos de Anthropic", "EE. UU. prohíbe modelos de Anthropic"),
        ("США рассматривают запрет моделей Anthropic", "США запретили модели Anthropic"),
    ],
)
def test_in_every_language_what_is_planned_is_a_prospect(planned, done):
    def frame(title: str) -> str:
        return prepare(make_headlines({"title": title, "at": "2026-06-13T01:00:00Z"}))["frame"][0]

    assert frame(planned) == "prospect"
    assert frame(done) != "prospect"
