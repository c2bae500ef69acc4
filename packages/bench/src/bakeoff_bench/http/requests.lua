-- For wrk: asks for the paths in a file one after the other, and reports as JSON on the last line.
-- There is no `response` function on purpose: wrk would then read every header, which takes longer
-- than all else it does. It counts answers with a status above 399 by itself.

local requests = {}
local last = 0

function init(args)
  for path in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("GET", path)
  end
end

function request()
  last = last % #requests + 1
  return requests[last]
end

local function object(fields)
  local parts = {}
  for _, field in ipairs(fields) do
    parts[#parts + 1] = string.format('"%s":%s', field[1], field[2])
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

local function whole(number)
  return string.format("%d", number)
end

function done(summary, latency, _)
  local errors, seen = {}, {}
  for _, kind in ipairs({ "connect", "read", "write", "timeout", "status" }) do
    errors[#errors + 1] = { kind, whole(summary.errors[kind]) }
  end
  for index = 1, #latency do
    local microseconds, times = latency(index)
    seen[#seen + 1] = { whole(microseconds), whole(times) }
  end
  io.write("\n", object({
    { "requests", whole(summary.requests) },
    { "microseconds", whole(summary.duration) },
    { "errors", object(errors) },
    { "latencies", object(seen) },
  }), "\n")
end
