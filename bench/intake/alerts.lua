-- wrk -s alerts.lua URL -- KIND KEY PREFIX DIFFERENT
-- The same alerts in the form of each server. DIFFERENT: how many keys there are; 0: each is new.
local counter = 0
local threads = 0
id = 0 -- of the thread; set from outside, so it must not be local

function setup(thread)
    thread:set("id", threads)
    threads = threads + 1
end

function init(args)
    kind, key, prefix, different = args[1], args[2], args[3], tonumber(args[4])
    headers = { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. key }
    path = ({ native = "/api/v1/alerts", alertmanager = "/api/v2/alerts", empty = "/" })[kind]
end

function request()
    counter = counter + 1
    local number = different > 0 and (counter * 2 + id) % different or counter * 2 + id
    local name = prefix .. "-" .. number
    local body
    if kind == "alertmanager" then
        body = '[{"labels":{"alertname":"DiskFull","instance":"' .. name ..
            '","severity":"critical","component":"disk"},"annotations":{"summary":"disk full on ' .. name ..
            '"},"generatorURL":"http://prometheus.example/graph?g0.expr=disk"}]'
    else
        body = '{"summary":"disk full on ' .. name .. '","dedup_key":"' .. name ..
            '","severity":"critical","source":"' .. name .. '","component":"disk","class":"DiskFull"}'
    end
    return wrk.format("POST", path, headers, body)
end

function done(summary, latency, requests)
    local bad = summary.errors
    print(string.format('{"requests": %d, "seconds": %.3f, "p50_ms": %.3f, "p99_ms": %.3f, "max_ms": %.3f, "errors": %d}',
        summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
        latency.max / 1000, bad.connect + bad.read + bad.write + bad.status + bad.timeout))
end
