"""The settings of jobs."""

from __future__ import annotations

from pydantic import BaseModel, Field


class JobSettings(BaseModel):
    """How much work is taken on, and how long its results are kept; times are in seconds."""

    job_processes: int = Field(
        default=0, ge=0, le=64, description="Processes that make reports of the catalogue; 0: none."
    )
    job_queue: int = Field(
        default=8, ge=0, description="Reports that may wait for one of these processes."
    )
    job_timeout: float = Field(default=600, gt=0, description="The time to make one report.")
    job_files: int = Field(default=20, ge=1, description="Finished reports that are kept.")
    job_age: float = Field(default=3600, gt=0, description="How long each of them is kept.")
