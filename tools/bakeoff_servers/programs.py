"""Where the programs of servers are that are not where a distribution installs them."""

from __future__ import annotations

import os
import shlex

from bakeoff_servers.debian_mysql import fetched_before
from bakeoff_servers.model import cache_folder

# Tests start servers of their own with it; their own way to find one is the path.
VARIABLE = "BAKEOFF_TEST_MYSQL_PROGRAM"


def programs() -> dict[str, str]:
    """Answer the variables by which tests find programs that were fetched; fetches none.

    :raises Unavailable: what was fetched is damaged.
    """
    software = fetched_before(cache_folder())
    if software is None or os.environ.get(VARIABLE):
        return {}
    return {VARIABLE: shlex.join(software.command())}
