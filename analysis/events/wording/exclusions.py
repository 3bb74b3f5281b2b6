"""What has the words of an event and is none: digests, odds, forecasts, opinion, adverts, prices, product posts."""

from __future__ import annotations

import polars as pl

from analysis.events.stories.frames import FrameSet, has_manner
from analysis.events.wording.bearing import FINITE
from analysis.events.wording.modality import Modality, headline_modality

# Outlets that send issues, each a list of topics.
_DIGEST_OUTLETS = (
    r"(?i)\bthe[_ -]?batch\b|\btldr\b|\bai breakfast\b|\bimport ai\b|\bnewsletter\b|\bben's bites\b|\bthe rundown\b"
)
_DIGEST_TITLES = (
    r"(?i)^the download:|^this week in\b|\bweekly (?:recap|roundup|digest|review|news)\b"
    r"|\b(?:news|daily|morning|crypto) (?:roundup|digest|briefing|recap)\b|\bweek in review\b|\bnewsletter\b"
    r"|^(?:daily|weekly|morning|evening) "
    r"|^(?:the )?(?:top|best) \d+\b"
    r"|\btop (?:\d+ )?(?:stories|news|headlines)\b|\bliveblog\b|\ball the news\b|\bhere's what happened\b"
    r"|\bnews of the (?:day|week)\b|\b(?:lawsuits?|cases?|bills?) (?:list|tracker)\b"
)
# Three topics or more side by side, each with capitals as in a title: an issue's table of contents.
_MANY_TOPICS = r"^(?:[A-Z][^,;|]{8,60}[,;|] ){2,}(?:and )?[A-Z][^,;|]{6,70}$"
_TITLE_CASE = r"(?:^|[ ,;|])(?:[a-z]{4,})(?:[ ,;|]|$)"
_PICTURES = r"[\x{2300}-\x{27BF}\x{1F000}-\x{1FAFF}]"
_ODDS = (
    r"(?i)\bodds\b|\b\d+(?:\.\d+)?% (?:chance|probability|likelihood)\b|\b(?:polymarket|kalshi)\b.{0,40}"
    r"\b(?:assigns?|prices?|bets?|bettors|traders?|lead|atop|sees|gives|slip|jump|rise|hit)s?\b"
    r"|\b(?:polymarket|kalshi)\b.*\d%"
    r"|\b(?:traders|bettors) (?:price|see|bet)\b|\bprediction markets? (?:price|see|give|bet)s?\b"
)
# Finite verbs of what offices, courts, parliaments and firms do; beside one, talk only accompanies the act.
_ACTS = (
    rf"{FINITE}|sues|sued|bans \w+|pulls|pulled|advance[sd]|requires|wins|won \w+|settle[sd]|charge[sd]|fines|proposed"
    r"|issued?|launched|orders \w+|votes|voted|pardons|pardoned|declare[sd]?|arrests|arrested|raided|unveil|unveiled"
    r"|introduced|ruled|rules (?:against|that|in favou?r|it|he|she|they)|sentenced"
    r"|reach(?:es|ed)? (?:\w+ )?(?:deal|agreement|compromise)"
    r"|tightens (?:[\w'-]+ ){0,3}(?:rules|laws?|controls|curbs|restrictions|limits|oversight|exports?|requirements)"
)
_ACT = rf"(?i)\b(?:{_ACTS})\b"
# Verbs that are nouns too, where they follow what begins a title as its subject.
_NOUN_VERB = "(?:curbs|caps|limits|bans|orders|blacklists) "
_ACT_OF_SUBJECT = (
    rf"^\S+ {_NOUN_VERB}|(?-i:^(?:[A-Z]\S* ){{1,3}}(?:(?:administration|government|department) )?{_NOUN_VERB})"
)
_RAISES_DOUBTS = r"(?i)\braises? (?:\w+ )?(?:questions|concerns)\b"
_OPINION = (
    r"(?i)^(?:op-?ed|opinion|editorial|commentary|column|analysis|explainer|explained|essay|review)\b|\bop-ed\b"
    r"|\bmaking a mistake\b|\bworst way\b|\bshould (?:be|not|never|stop|worry|fear)\b|\bwas never about\b|\bdesperate\b"
    r"|\bmay not (?:prevent|help|work|be)\b|\bthe case (?:for|against)\b|\bhow i\b|^why\b"
    r"|\bwhat (?:it|this|that) means\b|^how\b"
    r"|\bwhat to know\b|\bwhat you need to know\b|\blessons? (?:from|of)\b|\bin defen[cs]e of\b"
    r"|\bi (?:was|think|believe|am (?:an?|the|not|so|sure|afraid|still))\b"
    r"|\b(?:reignites?|ignites?|sparks?) .{0,30}\bdebate\b|\bwar against\b|反复无常|反覆無常|演变为|演變為"
    r"|\bat the cent(?:er|re) of\b|\bcontroversy\b|\bboasts?\b|\blobb(?:y|ies|ied|ying)\b|^where's\b"
    r"|\bunder the microscope\b|\bat war with\b|\b(?:its|their) war (?:on|against)\b"
    r"|\bmaking up (?:its|the) rules\b|\bloses? (?:more |its )?control\b"
    r"|^a (?:closer )?look (?:at|inside)\b|\bnasty\b|\bass\b"
    r"|\bflawed\b|\bmay actually\b|\bwhat's at stake\b|\bwhat happens next\b|\beverything you need to know\b"
    r"|\bquestions to answer\b|\b\w+ takeaways\b|^\d+ (?:highlights|things|reasons)\b|\bisn't an? .{3,20}, it's\b"
    r"|之战|争端|爭端|博弈|角力|较量"
    r"|\blooking back\b|\bretrospective\b|\bone year (?:on|later|after)\b|\btimeline\b|\ba brief history\b|\bguide to\b"
)
# A person, a colon and three statements: what somebody said in a broadcast.
_INTERVIEW = r"^[A-Z][\w.'-]+ [A-Z][\w.'-]+: .{20,}, .{10,},? and .{10,}"
# Who works where or is honoured; whom an office's head or a parliament puts in charge is an act.
_POST = (
    r"(?i)\bto join .{0,30}\b(?:firm|LLP|board|university|team|staff|foundation|labs?|exchange)\b"
    r"|\bnamed best\b|\b(?:wins?|awarded) .{0,30}\b(?:award|prize|hackathon)\b"
    r"|\b(?:law )?faculty\b|\bjoins?\b.{0,30}\bas\b"
    r"|\bnames? .{3,40}\b(?:advis[eo]r|counsel|director|deputy|chief of)\b"
)
# What a firm tells its own staff, or finds out about its own product, restricts nobody else.
_HOUSE_RULE = (
    r"(?i)\b(?:employees?|staff(?:ers)?|workers)\b.{0,20}\b(?:from using|access)\b"
    r"|^(?:\w+ ){1,2}AI policy$|\brefus(?:es|ing|ed)? .{0,20}\b(?:prompts?|questions?)\b"
    r"|\bfor (?:its )?(?:employees|staff)\b|\b(?:employee|staff) access\b|\bwar ?room\b"
    r"|\bcuts? (?:\w+ )?(?:jobs|staff)\b|\blays off\b"
    r"|\binvestigat\w+ (?:\w+ )?(?:outages?|errors?|bugs?)\b"
    r"|\binvestigat\w+ (?:users?|issues?|bugs?|errors?|outages?|reports of|why|how)\b"
)
_WORKERS_RESOLVE = (
    r"(?i)\b(?:are|vot\w+|drove .{3,30}|moves?|staff|workers) (?:to )?unioni[sz](?:e|ing)\b"
    r"|\b(?:employees|staff(?:ers)?|workers) (?:\w+ )?(?:vote|strike|walk out|protest)\b"
)
# Of a trial the suit and the ruling are acts; a day in court, and a suit that the act of another accompanies, are none.
_IN_COURT = (
    r"(?i)\btestif(?:y|ies|ied|ying)\b|\btestimony\b|\b(?:takes?|on) (?:the )?stand\b|\btrial\b|\bdeliberat\w+"
    r"|\b(?:tells?|told|asks?) (?:the |a )?(?:court|jury)\b|\bjury will\b|\bto (?:the )?jury\b|\bprofiles? of\b"
    r"|\blive updates\b|\b(?:opening|closing) (?:arguments|statements)\b|\bcross-examin\w+|\bface off\b|\bread aloud\b"
    r"|\b(?:heads?|headed|going|goes) to court\b|\bcourt (?:battle|fight|showdown)\b|\bbattles? .{0,30}\bin court\b"
    r"|\b(?:as|amid|while|despite|during) [^,;:]{0,40}\b(?:lawsuits?|legal (?:battle|fight)|litigation)\b"
)
# What a filing, a witness or a party tells of the other in a suit is no step of it, whatever it tells of.
_SAID_IN_COURT = (
    r"(?i)\bcourt (?:filings?|documents?|records?) (?:shows?|says?|reveals?)\b|\bdays before (?:\w+ )?trial\b"
)
# How many use something is a figure and no act, and a firm that goes public no access to chips.
_FIGURES = r"(?i)\b[\d.,]+ (?:million |billion )?(?:[\w']+ ){0,3}(?:users|workers|employees|customers)\b"
_USING = r"(?i)\b(?:are|now) (?:now )?using\b|\bfrom [\d.,]+\w? (?:\w+ )?(?:users|customers) to\b"
_GOES_PUBLIC = (
    r"(?i)\b(?:approv\w+|nod|clearance|clears?|green light|files?|filed|filing|applies|applied|seeks?|eyes|plans?"
    r"|launches|raises?|prices?|prepar\w+|readies|targets?|weighs|heads? for|go-ahead) (?:\S+ ){0,6}IPO\b"
    r"|\bIPO (?:approval|plans?|filing|application|bid|debut|nod|review|prospectus|hearing)\b"
)
# Who sues, gives in or gives up takes a step, whichever paper or day tells of it.
_STEP_IN_COURT = (
    r"(?i)\b(?:sues|settles|settled"
    r"|(?:drops|dropped|withdraws|withdrew) (?:[\w.'-]+ ){0,3}(?:lawsuits?|suits?|cases?|claims?|complaints?))\b"
)
_DECIDED = (
    r"(?i)\b(?:sues|sued|verdict|rul(?:es|ed|ing)|loses|lost|wins|won|finds|found|orders|ordered|rejects|rejected"
    r"|dismiss\w*|settle[sd]?)\b"
)
_EXHIBIT = r"(?i)\b(?:logs?|chats?|conversations?|messages|history) (?:\w+ ){0,2}as evidence\b"
_COMPARISON = r"(?i)\b(?:beats?|surpass\w*|outperform\w*|outscor\w*|rivaling)\b"
# How a network or its token is used together with another: no act on either.
_INTEGRATION = r"(?i)\bintegrat\w+|\bone-click\b|\bcross-chain swaps?\b"
# What those who work somewhere say of an office is no act of either.
_STAFF_SAYS = r"(?i)\b(?:employees|staff(?:ers)?|workers) (?:accuse|blame|slam|blast|criticize|say)\b"
_STAFF_SUES = r"(?i)(?:,|\band) (?:sue|file)\b"
_FORECAST = (
    r"(?i)\b(?:predicts?|forecasts?|price predictions?)\b|\b(?:price|weekly) outlook\b|\boutlook (?:for|20\d\d)\b"
    r"|\bcould (?:be|soon|hit|reach|see|lead|face|soar|surge)\b"
)
_CALENDAR = (
    r"(?i)\bto (?:host|hold|have) .{0,60}\b(?:roundtable|hearing|summit|meeting|conference|forum|event|sit-down"
    r"|talks)\b"
    r"|\bto watch out for\b|\breschedul\w+\b"
    r"|\bagenda\b.{0,40}\broundtable\b|\broundtable agenda\b|\bsets\b.{0,20}\bfor\b.{0,20}\broundtable\b"
    r"|\b(?:calendar|upcoming|week ahead|what to watch|things to watch|key dates|events to watch)\b"
)
_URGING = (
    r"(?i)\b(?:urges?|presses|pressing|backs? (?:new|bill)|calls? (?:on|for)|argues? for"
    r"|demands? (?:that|power|(?:\w+ )?regulators|(?:an )?(?:\w+ )?(?:investigat\w+|probe|inquiry|hearings?|answers))"
    r"|seeks? (?:\w+ )?answers|hits? \w+ with \w+ questions|launch(?:es)? (?:an? )?(?:\w+ )?(?:effort|campaign)"
    r"|(?:Democrats|Republicans|senators|lawmakers) target"
    r"|(?:press|push)(?:es)? (?:the |finance |bank\w* )?(?:regulators|watchdogs|Congress|Senate|lawmakers)"
    r"|pleads with"
    r"|petition\w*|open letter)\b"
    r"|呼吁|呼籲|敦促|促请|促請|求める|촉구|\bfordert\b|\bappelle à\b|\bexhorte\b"
    r"|\binsta a\b|\bpide\b|\bпризва\w+|\bпризыва\w+"
)
# What a single legislator looks into binds nobody; the inquiry of a committee or a chamber does.
_LEGISLATOR_ASKS = (
    r"(?i)\b(?:Sen|Rep)s?\. (?:[\w'-]+ ){1,2}?(?:is )?(?:prob(?:es|ing)|question(?:s|ing)|scrutini[sz](?:es|ing))\b"
    r"|\b(?:senators?|congress(?:m[ae]n|wom[ae]n)) (?:[\w'-]+ ){0,2}?(?:is |are )?"
    r"(?:prob(?:es?|ing)|question(?:s|ing)|scrutini[sz](?:es?|ing))\b"
    r"|\b(?:Democrats|Republicans|senators|lawmakers) (?:question|grill)\b"
    r"|\b(?:investigation|probe|inquiry|scrutiny) (?:by|from) (?:(?:an?|the|US|U\.S\.|two|Democratic|Republican) )*"
    r"(?:Sen|Rep|senators?|representatives?|congress(?:m[ae]n|wom[ae]n)|lawmakers?|Democrats|Republicans)\b"
)
# What a government asks of a firm is an act of its own.
_GOVERNMENT_ASKS = (
    r"(?i)\b(?:U\.?S\.?|government|administration|White House|Commerce|Pentagon) (?:\w+ ){0,2}"
    r"(?:urg(?:es|ed|ing)|press(?:es|ed|ing)|calls on)\b"
    r"|(?:美国|美國|政府|白宫|白宮|商务部|商務部).{0,4}(?:敦促|促请|促請)"
)
# So are the questions of an office to a firm, what it sets out to do, and a bill that legislators aim at something.
_OFFICE_SETS_OUT = (
    r"(?i)\b(?:(?:U\.?S\.?|EU|UK|FTC|SEC|CFTC|FCC|DOJ|FDA|NHTSA|Ofcom|CMA|AG|attorney general|regulator|watchdog"
    r"|commission|ministry|department|government|administration|White House|Commerce|Pentagon|Treasury|governor)"
    r" (?:\w+ ){0,2}?(?:(?:seeks|demands|sought|demanded) (?:\w+ )?answers"
    r"|launche[sd] (?:an? )?(?:\w+ )?(?:effort|campaign))"
    r"|(?:AGs|attorneys general|regulators|watchdogs|authorities|prosecutors) (?:seek|demand) (?:\w+ )?answers"
    r"|(?:Democrats|Republicans|senators|lawmakers) target\b.*\b(?:with (?:\w+ ){0,2}"
    r"|(?:pass|introduce|unveil|propose|advance|file) (?:\w+ ){0,2})(?:bills?|legislation|law|act))\b"
)
# It did not happen, or somebody says so; what a court denies is a ruling.
_DENIAL = (
    r"(?i)\b(?:thwarts?|foils?|averts?|fends? off)\b"
    r"|\bden(?:ies|ied) (?:\w+ ){0,2}(?:reports?|claims?|allegations?|that|it|any|knowing|having|wrongdoing)\b"
    r"|\b(?:lawyers?|attorneys?|CEO|founder|spokes\w+) den(?:ies|ied)\b|\bden(?:ies|ied) \S+ .{0,40}\b(?:was|were)\b"
    r"|否认|否認|辟谣|闢謠|부인|\bdementiert\b|\bbestreitet\b|\bdément\b|\bniega\b|\bdesmiente\b|\bотрица\w+|\bопроверг\w+"
)
# Who says that something will not be stopped stops nothing, in any language; who decides so does.
_STOP = r"(?:bann?|block|barr?|restrict|prohibit|outlaw|suspend|curb|limit|blacklist|halt)(?:ed|ing)?\b"
_NOT_DONE = (
    r"(?i)\b(?:(?:will|would|does|do|did|is|are|has|have)(?: not|n't)|won't|not)"
    rf" (?:(?:be|been|yet|to|plan|planning|going|intend|looking|seek|want|currently) )*{_STOP}"
    rf"|\b(?:no|never) (?:plans?|intentions?) (?:to|of|for) (?:an? )?{_STOP}"
    rf"|\b(?:rul(?:es?|ed|ing) out|decid\w+ against) (?:an? |any )?(?:\w+ )?{_STOP}"
    r"|(?:不会|不會|不打算|没有|沒有|并未|並未|无意|無意|拒绝|拒絕)[^,，]{0,4}(?:封|禁|限制|停用|暂停|暫停)"
    r"|(?:禁止|停止|制限|遮断)(?:し|は|して)?(?:いない|ない|せず|しません|しない)"
    r"|(?:중단|차단|금지|제한)(?:하지|은|하진)? ?(?:않|안 )"
    r"|\b(?:sperr|blockier|untersag|stopp|verbiete)(?:t|en|n)?(?: [^ ,;:]+){0,4} nicht(?: mehr)?(?:$| ?[.,;:!–-])"
    r"|\b(?:sperr|blockier|untersag|stopp|verbiete)(?:t|en|n)? keine?\w?\b"
    r"|\bn(?:e |')(?:a |va |vont )?(?:pas )?(?:encore )?(?:bloqu|interdi|suspend|restrei|limit)\w*"
    r"|\bno (?:ha |han |va a |van a )?(?:bloque|proh[ií]b|suspend|restring|vet)\w+"
    r"|\bне (?:будет |будут |стала? |стали )?(?:за)?(?:блокир|прет|прещ|огранич|приостан|отключ)\w+"
)
# Stops in other languages, none of them said not to be.
_STOP_ABROAD = (
    r"封|禁|限制|停用|暂停|暫停|停止|制限|遮断|중단|차단|금지|제한|\b(?:ge)?(?:sperr|blockier|untersag|stopp|verb[io][et]+)(?:e?t|en)\b"
    r"|\b(?:bloqu(?:e|é|ea|eó|ean)|interdi\w+|prohíbe|prohibió|prohíben|veta)\b|\b(?:за)?(?:блокир|прети|прещ)\w+"
)
# An act or a stop beside what is said, for which a mark stands; and one that a pause or a conjunction parts from it,
# where the act may be what the rest is said of.
_MARK = "§"
_ANY_ACT = f"{_ACT}|{_ACT_OF_SUBJECT}|{_STOP_ABROAD}"
_JOINED_ACT = (
    rf"(?i)(?:{_ANY_ACT}).*(?:[,;]|\b(?:and|as|while|after|following|amid|despite|when)\b).*{_MARK}"
    rf"|{_MARK}.*(?:[,;]|\b(?:and|as|while)\b).*(?:{_ACT})"
)
_DECIDES_NOT_TO = r"(?i)\b(?:judges?|courts?|jury|circuit|justices|votes?|voted)\b"
_ADVERT = (
    r"(?i)\bpre-?sales?\b|\bbest (?:crypto|altcoin|ai coin)s?\b|\b\d{2,5}x\b|\bsponsored\b|\bto buy now\b"
    r"|\bdeepsnitch\b|\bpepeto\b|\bblockdag\b|\bpress release\b"
)
# What a lab does with its own products and partners.
_PRODUCT_POST = (
    r"(?i)^(?:introducing|announcing|meet|expanding|sharing|strengthening|bringing|building|partnering|welcoming)\b"
    r"|^(?:making|how)\b"
    r"|\bpartner(?:s|ed|ing|ship)?\b|\bcollaborat\w+|\bmemorandum\b|\bMOU\b|\bpledge\b|\bnow available\b|\bnew office\b"
    r"|\bexpands?\b|\bcase study\b|\bcustomer\b|\bfellows?\w*|\bprogram(?:me)?\b"
    r"|\bcourse\b|\bresearch\b|\bsystem card\b"
)
# A product that is said to keep a law is none.
_FALLS_SHORT = r"(?i)\bnot (?:yet )?(?:GENIUS|MiCA)\b|\bdelist\w*"
_KEEPS_A_LAW = r"(?i)(?:^|[^-\w])(?:GENIUS|MiCA)(?: Act)?[- ](?:aligned|compliant|ready)\b"
# Who died is nobody's act.
_DEATH = r"(?i)\bfound dead\b|\b(?:dies|died|dead) (?:at|aged|in|after|of)\b"
_OVER_A_DEATH = (
    r"(?i)\b(?:sues?|sued|suing|settles?|settled|lawsuits?|signs|signed|passes|passed|enacts|bans|charges|charged|fines"
    r"|fined|orders)\b"
)
# What is said, wished or planned about rules for tokens is no rule; of access to models it is news.
_TALK = (
    r"(?i)\b(?:says?|said|tells?|told|warns?|warned|sees|hints?|slams?|blasts?|defends?|argues?|insists?|claims?|calls?|flags?"
    r"|hails?|praises?|reiterates?|touts?|backs?|criticiz\w+|pushes|pressures?|press(?:es)?|opposes?|vows?|pledges|hopes?"
    r"|regrets?|apologi[sz]\w+|reveals?|signals?|eyes|mulls?|weighs?|considers?|considering|explores?|debates?|wants?"
    r"|faces|fights?|lobb\w+|met with|meets?|meeting|discuss\w*"
    r"|fork in the road|survey|poll|report (?:finds|shows|says)|finds|accus\w+|letters?|sides with|downplays"
    r"|denies knowing|rift|boycott|vague|stance|top priority|(?:is|marks) .{0,12}priority"
    r"|(?:raises?|fresh) (?:\w+ )?concerns|warning|shifts to|doubles down|doesn't know|don't know|sparks clash|swaps"
    r"|(?:senators?|lawmakers?|chair|commissioner) (?:\w+ ){0,3}(?:targets|challenges|questions)"
    r"|receives [\d,]+ comments|spark\w* (?:\w+ )?debate|reacts?|euphoria|(?:brings?|boosts) .{0,30}(?:bitcoin|outlook)"
    r")\b"
    r"|^[A-Z][\w.]+(?:'s| (?:chief|chair\w*|president|CEO)) [A-Z]\w+: "
)
# At the seat of an office is no office.
_AT_A_PLACE = r"(?i)\bat (?:the )?White House\b|\bWhite House (?:\w+ )?(?:fight|event|dinner|party|contest)\b"
_PLAN = (
    r"(?i)\b(?:plans? (?:to|for)|plans (?:\w+ )?(?:rules?|orders?|bills?|laws?|bans?)|planning|poised|set to|prepar\w+"
    r"|expect(?:s|ed)|nears?|seeks?|may|might|could|would"
    r"|looms?|considering|ahead of"
    r"|aims?|heads? (?:to|for)|looking to|this (?:week|month)"
    r"|to (?:release|launch|vote|unveil|introduce|consider|decide|hold|begin|meet|sue|appeal|challenge))\b"
)
# Who asks for leave to launch, or has it, has acted.
_WITH_LEAVE = (
    r"(?i)\b(?:moves|files|filed|filing|applies|applied|application|approv\w+|nod|licen[cs]e|charter|registers|cleared)"
    r" (?:\w+ ){0,4}to (?:release|launch)\b"
)
# Of no kind of its own, a headline comes to a story by its words; there a plan dates no act.
_DRAWN_IN = ("general", "crypto_generic", "regulation_non_ai", "tech_generic")
_COMES = r"(?i)\bset for\b|\bupcoming\b|\bahead of\b|\bseen as\b|\bcould\b|\bnears\b|\bapproach(?:es|ing)\b"
# What the head of a firm says is no act of it; in court it is testimony, and of tokens `_TALK` tells more.
_BOSS_SAYS = (
    r"(?i)\b(?:CEO|chief|(?:co-?)?founder|executives?|investor|boss)\b(?:'s)?(?: \S+){0,2}"
    r" (?:says?|said|tells?|told|warns?|warned|thinks|believes|argues|insists|claims)\b"
)
# Nor what somebody makes of an act of his own.
_ARGUES = r"(?i)^(?:\S+ ){1,4}?(?:claims (?:safety|that|to|it|no)|defends|insists|touts|boasts)\b"
# A suit that may come.
_MAY_SUE = (
    r"(?i)\b(?:possible|potential) (?:legal|court|lawsuit|suit)\b"
    r"|\b(?:weigh|consider|prepar|mull|explor)\w* (?:\w+ ){0,2}(?:legal action|lawsuits?|suits?|to sue|suing)\b"
)
# Of access and models "may" tells what an office is said to plan; "could" what somebody imagines.
_COULD = r"(?i)^(?:\S+ ){1,4}?could\b"
_SPOKEN_IN = ("enforcement_lawsuit", "crypto_token_regulation")
_ON_ACCESS = ("export_control_access", "regulation_legislation", "government_action", "ai_policy_other")
# What became of a restriction is no further one.
_CONSEQUENCE = (
    r"(?i)\bamid\b.{0,40}\b(?:bans?|controls|restrictions|curbs|crackdown)\b|\b(?:ban|curbs?|controls) drags? on\b"
    r"|\b(?:retain|keep)s? access\b|\blobbied\b|\bproductivity lost\b|\bfill(?:s|ing)? the gap\b|\bovershadows?\b"
    r"|\b(?:examin|assess|evaluat|weigh|looking at)\w* (?:the )?(?:practical )?(?:consequences|impact)\b"
    r"|\b(?:controls|curbs|bans?|restrictions) (?:are|is) (?:pushing|driving|forcing)\b"
    r"|(?:评估|評估).{0,24}(?:影响|影響)"
    r"|\bcausing\b|\bblack market\b|\blargely conceded\b|-like\b.{0,3}\bmodels\b"
)
_TRADE = r"(?i)\b(?:hayes|whales?|traders?|investors?)\b.{0,40}\b(?:dumps?|offloads?|sells?|exits?|buys?|loads? up)\b"
_SAID_AS = {
    Modality.ADVERT: "an advertisement",
    Modality.OPINION: "opinion",
    Modality.QUESTION: "a question",
}


def add_exclusions(headlines: pl.DataFrame, frames: FrameSet) -> pl.DataFrame:
    """`headlines` (title, plain, outlet, outlet_kind, category) with `excluded`: why it evidences no event, or null.

    A headline that is excluded stays in its story and among the evidence of an event that others make; alone it makes
    none. The first reason that fits is given.
    """
    reason = pl.lit(None, dtype=pl.String)
    for fits, said in reversed(_reasons(frames)):
        reason = pl.when(fits).then(pl.lit(said)).otherwise(reason)
    told = headlines.with_columns(reason.alias("excluded"))
    # The modality costs most and comes last: it is asked only where no reason fits yet.
    spoken = [
        excluded or _SAID_AS.get(headline_modality(title))
        for title, excluded in told.select("plain", "excluded").rows()
    ]
    return told.with_columns(pl.Series("excluded", spoken, dtype=pl.String))


def _says_only(said: str, beside: str = _ANY_ACT) -> pl.Expr:
    """Headlines that say this, and once a mark stands for it do not have what is `beside` it: an act or a stop."""
    plain = pl.col("plain")
    rest = pl.when(plain.str.contains(said)).then(plain.str.replace_all(said, f" {_MARK} "))
    return ~rest.str.contains(beside).fill_null(True)


def _reasons(frames: FrameSet) -> tuple[tuple[pl.Expr, str], ...]:
    """Conditions on a headline and what they make it, in the order in which they are asked."""
    plain, outlet = pl.col("plain"), pl.col("outlet").fill_null("")
    many = plain.str.contains(_MANY_TOPICS) & ~plain.str.contains(_TITLE_CASE)
    is_tokens = pl.col("category") == "crypto_token_regulation"
    is_suit = pl.col("category") == "enforcement_lawsuit"
    return (
        (outlet.str.contains(_DIGEST_OUTLETS) | plain.str.contains(_DIGEST_TITLES), "a digest of many topics"),
        (many | (plain.str.count_matches(_PICTURES) > 1), "a list of topics"),
        (plain.str.contains(_ADVERT) | (pl.col("category") == "sponsored_promo"), "an advertisement"),
        (plain.str.contains(_ODDS), "odds of a betting market"),
        (has_manner(plain, "price", frames) | (pl.col("category") == "token_price_commentary"), "a price move"),
        (plain.str.contains(_FORECAST), "a forecast"),
        (plain.str.contains(_CALENDAR), "a calendar"),
        (plain.str.contains(_OPINION), "opinion"),
        (_says_only(_RAISES_DOUBTS, _JOINED_ACT), "opinion"),
        (plain.str.contains(_URGING) & ~plain.str.contains(f"{_GOVERNMENT_ASKS}|{_OFFICE_SETS_OUT}"), "urging"),
        (plain.str.contains(_STAFF_SAYS) & ~plain.str.contains(_STAFF_SUES), "talk"),
        (plain.str.contains(_DENIAL), "a denial"),
        (_says_only(_NOT_DONE) & ~plain.str.contains(_DECIDES_NOT_TO), "a denial"),
        (plain.str.contains(_INTERVIEW), "an interview"),
        (plain.str.contains(_POST), "a post or a prize"),
        (plain.str.contains(_HOUSE_RULE) | _says_only(_WORKERS_RESOLVE), "a firm's own affair"),
        (plain.str.contains(_EXHIBIT), "evidence in another case"),
        (plain.str.contains(_DEATH) & ~plain.str.contains(_OVER_A_DEATH), "a death"),
        (is_tokens & plain.str.contains(_KEEPS_A_LAW) & ~plain.str.contains(_FALLS_SHORT), "a firm's own product"),
        (is_suit & plain.str.contains(_MAY_SUE), "a plan"),
        (
            is_suit & plain.str.contains(_IN_COURT) & ~plain.str.contains(f"{_DECIDED}|{_STEP_IN_COURT}"),
            "a day in court",
        ),
        (is_suit & plain.str.contains(_SAID_IN_COURT) & ~plain.str.contains(_STEP_IN_COURT), "a day in court"),
        (plain.str.contains(_FIGURES) & plain.str.contains(_USING), "figures of use"),
        ((pl.col("category") == "export_control_access") & plain.str.contains(_GOES_PUBLIC), "a firm's own affair"),
        (pl.col("category").is_in(_ON_ACCESS) & plain.str.contains(_COMPARISON), "a comparison of products"),
        ((pl.col("outlet_kind") == "lab") & plain.str.contains(_PRODUCT_POST), "a lab's own product or partnership"),
        (pl.col("category").is_in(_ON_ACCESS) & plain.str.contains(_CONSEQUENCE), "what followed"),
        ((pl.col("category") == "network_token_news") & plain.str.contains(_TRADE), "a trade of a holder"),
        ((pl.col("category") == "network_token_news") & plain.str.contains(_INTEGRATION), "an integration"),
        (is_tokens & plain.str.contains(_TALK) & ~plain.str.contains(_ACT), "talk"),
        (is_tokens & plain.str.contains(_AT_A_PLACE), "at the seat of an office"),
        (
            (is_tokens | pl.col("category").is_in(_DRAWN_IN))
            & plain.str.contains(_PLAN)
            & ~plain.str.contains(_WITH_LEAVE),
            "a plan",
        ),
        ((pl.col("category") == "network_token_news") & plain.str.contains(_COMES), "a plan"),
        (~pl.col("category").is_in(_SPOKEN_IN) & plain.str.contains(_BOSS_SAYS), "talk"),
        (pl.col("category").is_in(_ON_ACCESS) & plain.str.contains(_ARGUES), "talk"),
        (pl.col("category").is_in(_ON_ACCESS) & plain.str.contains(_COULD), "a forecast"),
        (_says_only(_LEGISLATOR_ASKS, _JOINED_ACT), "urging"),
    )
