"""What a request to Redis raises where Redis does not answer."""

from __future__ import annotations

from redis.exceptions import RedisError

# The RuntimeError is uvloop's: its transport refuses what is written after a reset, and redis lets
# that through. A transport of asyncio drops it, and the read that follows raises an OSError.
NOT_THERE = (RedisError, OSError, RuntimeError)
