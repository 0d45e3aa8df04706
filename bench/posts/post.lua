-- One position in each request, of one of a thousand runners, each with a fix time of its own; wrk waits for an answer on each connection.
local FIRST_MS = 1700000000000
local BODY = '{"userId":%d,"lat":48.8%d,"lng":2.3%d,"time":%d}'
local count = 0

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

function request()
  count = count + 1
  return wrk.format(nil, nil, nil, BODY:format(count % 1000, count % 997, count % 991, FIRST_MS + count))
end

-- Any answer but 200 counts as an error of the kind "status".
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('{"answers": %d, "seconds": %f, "p50_ms": %f, "p99_ms": %f, "bad_statuses": %d, "broken": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
