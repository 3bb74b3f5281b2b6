"""What happened is told by frames of one name, whatever the language of the headline."""

import polars as pl
import pytest

from analysis.events.stories.frames import frame_of
from analysis.events.titles import plain_title
from tests.analysis.events.headline_frames import FRAMES

ACCESS, SUIT, ORDER, VIEWS = "export_control_access", "enforcement_lawsuit", "executive_order", "ai_policy_other"
NETWORK = "network_token_news"
TOLD = [
    # The access is taken away.
    ("restrict", ACCESS, "美国政府下令停用 Anthropic 的模型"),
    ("restrict", ACCESS, "美國封鎖 Anthropic 模型的海外存取"),
    ("restrict", ACCESS, "米政府、Anthropicのモデルを海外で遮断"),
    ("restrict", ACCESS, "미 정부, 앤트로픽 모델 해외 접속 차단"),
    ("restrict", ACCESS, "US-Regierung sperrt Anthropics Modell für Ausländer"),
    ("restrict", ACCESS, "Washington suspend l'accès étranger au modèle d'Anthropic"),
    ("restrict", ACCESS, "EE. UU. prohíbe el acceso extranjero al modelo de Anthropic"),
    ("restrict", ACCESS, "США запретили доступ иностранцев к модели Anthropic"),
    ("restrict", ACCESS, "US Commerce Department closes loophole on Nvidia chip exports"),
    # It is held back, by request.
    ("stagger", VIEWS, "The White House is asking OpenAI to slow roll the release of its new model"),
    ("stagger", ACCESS, "US government to individually approve who gets GPT 5.6: it approves who may"),
    ("prospect", ACCESS, "Anthropic says it is working to restore access"),
    ("preempt", ORDER, "White House proposal seeks to override state AI laws"),
    # What is done with a network's supply; a halving to come is none.
    ("supply", NETWORK, "NEAR cuts its inflation by half despite a failed vote"),
    ("supply", NETWORK, "Worldcoin slashes token unlocks by nearly half"),
    ("", NETWORK, "Bittensor and its first halving"),
    ("sue", NETWORK, "Fetch.ai sues Ocean over the sale of 263 million FET"),
    # It is given back.
    ("lift", ACCESS, "美国解除对 Anthropic 模型的管制"),
    ("lift", ACCESS, "美國恢復 Anthropic 模型的存取"),
    ("lift", ACCESS, "米政府、モデルの規制を解除"),
    ("lift", ACCESS, "미 정부, 모델 규제 해제"),
    ("lift", ACCESS, "US-Regierung hebt Sperre des Modells auf"),
    ("lift", ACCESS, "Washington lève les contrôles sur le modèle"),
    ("lift", ACCESS, "EE. UU. levanta los controles sobre el modelo"),
    ("lift", ACCESS, "США сняли запрет на модель Anthropic"),
    # Somebody goes to court, and the court speaks.
    ("sue", SUIT, "报社起诉 OpenAI"),
    ("sue", SUIT, "新聞社がOpenAIを提訴"),
    ("sue", SUIT, "신문사, 오픈AI에 소송"),
    ("sue", SUIT, "Verlag verklagt OpenAI"),
    ("sue", SUIT, "Un éditeur porte plainte contre OpenAI"),
    ("sue", SUIT, "Un diario demanda a OpenAI"),
    ("sue", SUIT, "Газета подала в суд на OpenAI"),
    ("dismiss", SUIT, "法官驳回对 OpenAI 的诉讼"),
    ("dismiss", SUIT, "裁判所、OpenAIへの訴えを棄却"),
    ("dismiss", SUIT, "법원, 오픈AI 상대 소송 기각"),
    ("dismiss", SUIT, "Gericht weist Klage gegen OpenAI ab"),
    ("dismiss", SUIT, "Le tribunal rejette la plainte contre OpenAI"),
    ("dismiss", SUIT, "El juez desestima la demanda contra OpenAI"),
    ("dismiss", SUIT, "Суд отклонил иск к OpenAI"),
    ("probe", SUIT, "多州联合调查 OpenAI"),
    ("probe", SUIT, "Kartellamt ermittelt gegen OpenAI"),
    # An order is signed.
    ("pass", ORDER, "特朗普签署人工智能行政令"),
    ("pass", ORDER, "トランプ氏、AIの大統領令に署名"),
    ("pass", ORDER, "트럼프, AI 행정명령 서명"),
    ("pass", ORDER, "Trump unterzeichnet KI-Dekret"),
    ("pass", ORDER, "Trump signe un décret sur l'IA"),
    ("pass", ORDER, "Trump firma una orden sobre IA"),
    ("pass", ORDER, "Трамп подписал указ об ИИ"),
]
# The same words where somebody only talks of the act, asks for it, or wonders.
SAID_OF_IT = [
    ("talks", ACCESS, "Anthropic 与美国官员会谈，寻求解除管制"),
    ("talks", ACCESS, "Anthropic verhandelt mit Washington über die Sperre"),
    ("talks", ACCESS, "Anthropic négocie avec Washington la levée des contrôles"),
    ("talks", ACCESS, "Anthropic ведёт переговоры о снятии запрета"),
    ("reaction", ACCESS, "专家呼吁解除对模型的限制"),
    ("reaction", ACCESS, "卡尼表示，禁令凸显过度依赖的风险"),
    ("reaction", ACCESS, "Warum die USA das Modell sperrten"),
    ("reaction", ACCESS, "Pourquoi Washington suspend le modèle"),
    ("prospect", ACCESS, "特朗普政府考虑限制 AI 模型"),
    ("prospect", ORDER, "Trump planea firmar una orden sobre IA"),
]


def frame(title: str, category: str) -> str:
    rows = pl.DataFrame({"title": [title], "category": [category]})
    return str(rows.select(frame_of(plain_title(pl.col("title")), pl.col("category"), FRAMES)).item())


@pytest.mark.parametrize(("told", "category", "title"), TOLD, ids=[title for *_, title in TOLD])
def test_an_act_has_one_frame_in_every_language(told: str, category: str, title: str) -> None:
    assert frame(title, category) == told


@pytest.mark.parametrize(("told", "category", "title"), SAID_OF_IT, ids=[title for *_, title in SAID_OF_IT])
def test_talk_of_an_act_is_not_the_act(told: str, category: str, title: str) -> None:
    assert frame(title, category) == told
