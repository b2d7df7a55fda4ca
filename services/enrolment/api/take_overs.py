"""The folder of a running trial that is taken over: looked at, signed by two people, kept."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from services.enrolment.api.route import Person
from services.enrolment.commands.take_over import check_take_over, sign_take_over
from shared.folder_api import FolderIn, FolderOut, answer_folder, folder_out
from shared.json_body import request_body
from shared.signed_folders import CheckedFolder

router = APIRouter(tags=["take-overs"])


class TakeOverOut(FolderOut):
    """`trial` by its code."""

    trial: str


@router.post("/take-overs", status_code=201, response_model=TakeOverOut, openapi_extra=request_body(FolderIn))
async def take_over_route(request: Request, principal: Person) -> Response:
    """Look at the folder of a running trial, or sign it; with two signatures its part here is taken over."""
    return await answer_folder(request, principal, check=check_take_over, sign=sign_take_over, shown=_out)


def _out(checked: CheckedFolder) -> TakeOverOut:
    return TakeOverOut(trial=checked.name, **folder_out(checked).model_dump())
