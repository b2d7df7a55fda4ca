"""Answers to criteria as they are kept: a word for yes, no and unknown, an object for everything else."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.enrolment.domain.criteria import (
    Answer,
    AnswerKind,
    ChosenAnswer,
    DatedAnswer,
    Entered,
    MeasuredAnswer,
    StatedAnswer,
    kind_of,
)


def answer_kept(entered: Entered) -> Any:
    """What is stored of an answer, as it was entered."""
    kind = kind_of(entered).value
    match entered:
        case StatedAnswer(answer=answer, taken_on=on):
            return {"kind": kind, "answer": answer.value, "taken_on": _text(on)}
        case MeasuredAnswer(value=value, unit=unit, taken_on=on):
            return {"kind": kind, "value": value, "unit": unit, "taken_on": on.isoformat()}
        case ChosenAnswer(option=option, taken_on=on):
            return {"kind": kind, "option": option, "taken_on": _text(on)}
        case DatedAnswer(on=on):
            return {"kind": kind, "on": on.isoformat()}
        case _:
            return entered.value


def answer_read(kept: Any) -> Entered:
    if isinstance(kept, str):
        return Answer(kept)
    document: Mapping[str, Any] = kept
    match AnswerKind(document["kind"]):
        case AnswerKind.YES_NO:
            return StatedAnswer(answer=Answer(document["answer"]), taken_on=_day(document["taken_on"]))
        case AnswerKind.NUMBER:
            return MeasuredAnswer(
                value=document["value"],
                unit=document["unit"],
                taken_on=date.fromisoformat(document["taken_on"]),
            )
        case AnswerKind.CHOICE:
            return ChosenAnswer(option=document["option"], taken_on=_day(document["taken_on"]))
        case AnswerKind.DATE:
            return DatedAnswer(on=date.fromisoformat(document["on"]))


def _text(on: date | None) -> str | None:
    return None if on is None else on.isoformat()


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
