-- Posts every body once: each line of the file is a signature, a space and a body (bench/webhook.py).
-- Prints when the last answer came, counted from the first request: `answered <n> refused <n> seconds <s>`.
local ffi = require("ffi")
ffi.cdef [[
  typedef struct { long seconds; long nanoseconds; } moment;
  int clock_gettime(int clock, moment *at);
]]
local MONOTONIC, SIGNATURE = 1, 64
local moment = ffi.new("moment")
local posts, sent, answered, refused, began, is_tried = {}, 0, 0, 0, nil, false

local function now()
  ffi.C.clock_gettime(MONOTONIC, moment)
  return tonumber(moment.seconds) + tonumber(moment.nanoseconds) / 1e9
end

function init(arguments)
  local head = "POST " .. arguments[1] .. " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
  for line in io.lines(arguments[2]) do
    local body = line:sub(SIGNATURE + 2)
    posts[#posts + 1] = head .. "X-Hub-Signature-256: sha256=" .. line:sub(1, SIGNATURE) ..
      "\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
  end
end

function delay()
  return sent < #posts and 0 or 3600000
end

function request()
  if not is_tried then -- wrk asks once and sends nothing, to see what it gets
    is_tried = true
    return posts[1]
  end
  began = began or now()
  sent = sent + 1
  return posts[sent] or posts[#posts]
end

function response(status)
  answered = answered + 1
  if status ~= 200 then refused = refused + 1 end
  if answered == #posts then
    io.write(string.format("answered %d refused %d seconds %.4f\n", answered, refused, now() - began))
    io.stdout:flush() -- wrk itself goes on until it is interrupted
  end
end
