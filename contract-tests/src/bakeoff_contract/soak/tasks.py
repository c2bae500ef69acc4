"""A module of the service that counts the tasks of its event loop, which nobody else can see."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import JSONResponse

from bakeoff.modules.module import Module

PATH = Path(__file__).parent / "module"
"""The folder in which the service finds the module, named `tasks`."""

router = APIRouter()


@router.get("/count")
async def count() -> JSONResponse:
    """How many there are, that of this request among them."""
    return JSONResponse({"tasks": len(asyncio.all_tasks())})


MODULE = Module(router=router)
