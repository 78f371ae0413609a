"""The JSON of the service as pydantic models: requests as they come in, answers as they go out.

The server reads requests with them and the client answers; both sides and the documentation say the same.
Offsets count code points of the caller's text, half open.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

__all__ = [
    "ActionOut",
    "ChatRequest",
    "ChatResponse",
    "EntityOut",
    "ExtractRequest",
    "ExtractResponse",
    "ExtractedText",
    "FeedbackRequest",
    "FeedbackResponse",
    "KakaoRequest",
    "KakaoResponse",
    "LabelsResponse",
    "MaskedText",
    "ModelOut",
    "ModelsResponse",
    "Problem",
    "ReloadResponse",
    "SpanIn",
    "Status",
    "Text",
]


def _sayable(text: str) -> str:
    """Text that can be written down: no NUL and no half of a surrogate pair."""
    if "\0" in text:
        raise ValueError(f"expected text without NUL; got one at character {text.index(chr(0))}")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"expected text; got half of a surrogate pair at character {error.start}") from None
    return text


Text = Annotated[str, AfterValidator(_sayable)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class _Out(BaseModel):
    model_config = ConfigDict(extra="ignore")


def _example(value: dict[str, Any], model: type[BaseModel] | None = None) -> ConfigDict:
    config = ConfigDict(json_schema_extra={"examples": [value]})
    return ConfigDict(**((model.model_config if model else {}) | config))


_ENTITY: dict[str, Any] = {
    "text": "내일",
    "start": 0,
    "end": 2,
    "label": "DT",
    "score": 0.9981,
    "source": "model",
    "value": {"kind": "date", "value": "2026-07-24", "grain": "day", "from": "2026-07-24", "to": "2026-07-25"},
    "josa": "",
}


class ExtractRequest(_In):
    """One ``text``, or up to 256 ``texts``, and how to read them."""

    model_config = _example(
        {"text": "내일 저녁 7시에 강남역에서 김민수랑 파스타 먹자", "now": "2026-07-23T17:00:00+09:00"}, _In
    )

    text: Text | None = Field(None, description="One text.")
    texts: list[Text] | None = Field(None, min_length=1, description="Several texts.")
    model: str | None = Field(None, description="The name of a model; without it the default one.")
    labels: list[str] | None = Field(None, description="Answer only entities of these labels.")
    min_score: float | None = Field(
        None, ge=0, le=1, strict=False, description="Answer only entities at least this probable."
    )
    now: datetime | None = Field(
        None, strict=False, description="The clock that 내일 is counted from; without it the present."
    )
    timezone: str | None = Field(
        None, max_length=64, description="The caller's time zone, such as Asia/Seoul: where a now without one is."
    )
    mask: Literal["numbered", "named", "stars"] | None = Field(
        None, description="Answer also the text without its personal data, in this style."
    )
    mask_kinds: list[str] | None = Field(
        None, description="What to mask, such as name and phone; without it all."
    )
    explain: bool = Field(False, description="Answer also why: every candidate, kept or not.")
    moments: bool = Field(False, description="Answer also dates and times joined into moments.")

    @model_validator(mode="after")
    def _one_of_both(self) -> ExtractRequest:
        if (self.text is None) == (self.texts is None):
            raise ValueError("expected either text or texts")
        return self


class EntityOut(_Out):
    """One entity: what was said, where, what kind of thing, how probable, and what it means."""

    model_config = _example(_ENTITY, _Out)

    text: str
    start: int
    end: int
    label: str
    score: float
    source: str = "model"
    value: Any = None
    josa: str = ""
    canonical: str = ""


class MaskedText(_Out):
    """A text without its personal data, with the way back."""

    text: str
    replacements: list[dict[str, Any]]


class ExtractedText(_Out):
    """One text with its entities, and what else was asked for."""

    text: str
    entities: list[EntityOut]
    masked: MaskedText | None = None
    explanation: dict[str, Any] | None = None
    moments: list[dict[str, Any]] | None = None


class ExtractResponse(_Out):
    """The answers in the order of the texts; ``results`` has one member for one ``text``."""

    model_config = _example(
        {
            "model": "ko-chat@0.1.0/1f3a9c02",
            "results": [{"text": "내일 보자", "entities": [_ENTITY]}],
        },
        _Out,
    )

    model: str
    results: list[ExtractedText]


class ChatRequest(_In):
    """One message of a conversation; without ``message`` the bot greets."""

    model_config = _example({"session": "손님-17", "message": "짜장면 두 그릇 주세요", "message_id": "m-1"}, _In)

    session: Text = Field(min_length=1, max_length=200)
    message: Text | None = None
    message_id: Text = Field("", max_length=200, description="The same id again gets the same reply.")


class ActionOut(_Out):
    """Something the bot has done, or asks the caller to do."""

    model_config = ConfigDict(extra="allow")

    id: str = ""
    name: str = ""


class ChatResponse(_Out):
    """What the bot answers, what it found, and where the conversation stands."""

    model_config = _example(
        {
            "session": "손님-17",
            "reply": "짜장면 두 그릇 담았어요. 더 필요하신 게 있나요?",
            "entities": [],
            "state": {"turn": 1},
            "actions": [],
            "understood": True,
        },
        _Out,
    )

    session: str
    reply: str
    entities: list[EntityOut]
    state: dict[str, Any]
    actions: list[ActionOut] = []
    understood: bool = True
    quick_replies: list[str] = []


class SpanIn(_In):
    """A labelled stretch of a text."""

    start: int = Field(ge=0)
    end: int = Field(ge=1)
    label: str = Field(min_length=1, max_length=64)


class FeedbackRequest(_In):
    """A sentence as it should have been annotated.

    ``original`` is what the engine answered; without it the sentence is extracted once more. ``consent``: whoever
    said it agrees that it is trained on. ``mask``: personal data is taken out before it is kept.
    """

    model_config = _example(
        {
            "text": "홍대에서 하늘이 만나요",
            "entities": [{"start": 0, "end": 2, "label": "LC"}, {"start": 5, "end": 7, "label": "PS"}],
        },
        _In,
    )

    text: Text = Field(min_length=1)
    entities: list[SpanIn] = Field(max_length=1000)
    original: list[SpanIn] | None = Field(None, max_length=1000)
    model: str | None = None
    consent: bool = False
    mask: bool = False


class FeedbackResponse(_Out):
    """The sentence is on the disk, under this id."""

    model_config = _example({"id": "c-5f0a1b2c3d4e", "supersedes": ""}, _Out)

    id: str
    supersedes: str = ""


class _KakaoIn(BaseModel):
    model_config = ConfigDict(extra="ignore")


class KakaoUser(_KakaoIn):
    """Who talks."""

    id: Text = Field(min_length=1, max_length=200)


class KakaoUserRequest(_KakaoIn):
    """What was said."""

    utterance: Text = ""
    user: KakaoUser
    callbackUrl: str | None = Field(None, max_length=2000)


class KakaoBot(_KakaoIn):
    """Which bot of the channel."""

    id: Annotated[Text, Field(max_length=200)] = ""


class KakaoAction(_KakaoIn):
    """What Open Builder found by itself."""

    params: dict[str, Any] = {}


class KakaoRequest(_KakaoIn):
    """A skill request of Kakao i Open Builder; what is not used of it may be anything."""

    model_config = _example(
        {
            "userRequest": {"utterance": "내일 저녁 7시에 두 명 예약할게요\n", "user": {"id": "6f5e1a"}},
            "bot": {"id": "5f0a"},
            "action": {"params": {}},
        },
        _KakaoIn,
    )

    userRequest: KakaoUserRequest
    bot: KakaoBot = KakaoBot()
    action: KakaoAction = KakaoAction()


class KakaoResponse(_Out):
    """A skill response 2.0."""

    model_config = _example(
        {
            "version": "2.0",
            "template": {"outputs": [{"simpleText": {"text": "내일 저녁 7시, 두 분으로 예약할까요?"}}]},
            "data": {"DT": "내일", "TI": "저녁 7시", "QT": "두 명"},
        },
        _Out,
    )

    version: Literal["2.0"] = "2.0"
    template: dict[str, Any] | None = None
    useCallback: bool | None = None
    data: dict[str, Any] | None = None


class ModelOut(_Out):
    """A model that is loaded."""

    name: str
    bundle: str
    version: str
    generation: int
    labels: list[str]
    default: bool
    loaded_at: datetime


class ModelsResponse(_Out):
    """The models there are."""

    models: list[ModelOut]


class ReloadResponse(_Out):
    """What is used from now on; ``changed`` is false where the bundle is the one that was loaded before."""

    model: ModelOut
    changed: bool


class LabelsResponse(_Out):
    """What a model can find."""

    model_config = _example({"model": "ko-chat@0.1.0/1f3a9c02", "labels": ["PS", "LC", "DT"]}, _Out)

    model: str
    labels: list[str]


class Status(_Out):
    """How the service is."""

    model_config = _example({"status": "ok"}, _Out)

    status: str


class ProblemPlace(_Out):
    """One thing that is wrong, and where in the request."""

    where: str
    message: str


class Problem(_Out):
    """Why a request was refused (RFC 9457)."""

    model_config = _example(
        {
            "type": "urn:ner-engine:problem:text-too-long",
            "title": "A text is too long",
            "status": 422,
            "detail": "text: expected at most 5000 characters; got 6000",
            "request_id": "9f2c4e6a81b3d507",
        },
        _Out,
    )

    type: str
    title: str
    status: int
    detail: str = ""
    request_id: str = ""
    errors: list[ProblemPlace] = []
