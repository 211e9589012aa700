#!/bin/sh
# One request per behaviour against a stand-in of its own; prints what came back, ends with the number of surprises.
# Usage: smoke.sh PATH-TO-STAND-IN
set -u
dir=$(mktemp -d)
mkfifo "$dir/stdin"
"$1" --until-stdin-closes < "$dir/stdin" > "$dir/out" &
exec 9> "$dir/stdin"
until grep -q listening "$dir/out"; do sleep 0.05; done
base=http://$(sed 's/listening on //' "$dir/out")
surprises=0

# expect NAME PATTERN CURL-ARGUMENTS: the status, headers and body must match the pattern; curl's own error is in it too.
expect() {
    name=$1 pattern=$2
    shift 2
    got=$(curl -sS -i -m 2 "$@" 2>&1)
    if printf '%s' "$got" | grep -Eqa "$pattern"; then
        printf 'ok       %s\n' "$name"
    else
        printf 'SURPRISE %s: wanted %s, got:\n%s\n' "$name" "$pattern" "$got"
        surprises=$((surprises + 1))
    fi
}

chat() {
    name=$1 pattern=$2 body=$3
    shift 3
    expect "$name" "$pattern" "$base/v1/chat/completions" -H 'authorization: Bearer sk-a' \
        -H 'content-type: application/json' -d "$body" "$@"
}

messages() {
    name=$1 pattern=$2 body=$3
    shift 3
    expect "$name" "$pattern" "$base/v1/messages" -H 'x-api-key: sk-ant-a' -H 'anthropic-version: 2023-06-01' \
        -H 'content-type: application/json' -d "$body" "$@"
}

fault() {
    chat "$1" "$2" "{\"model\":\"$1\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"
}

stream() {
    chat "$1 (stream)" "$2" "{\"model\":\"$1\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"
    messages "$1 (messages)" "$3" \
        "{\"model\":\"$1\",\"stream\":true,\"max_tokens\":64,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"
}

user='"messages":[{"role":"user","content":"hi"}]'
expect health 'ok$' "$base/healthz"
expect models '"object":"list"' "$base/v1/models"
chat plain '你好 from the stand-in 🦀' "{\"model\":\"m\",$user}"
chat 'no JSON' '400 Bad' '{'
chat 'no messages' 'missing_required_parameter' '{"model":"m"}'
expect 'no key' 'invalid_api_key' "$base/v1/chat/completions" -d '{}'
chat tools '"finish_reason":"tool_calls"' \
    "{\"model\":\"m\",$user,\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"wx\"}}]}"
chat 'other path' 'Invalid URL' '{}' --url "$base/v1/nothing"
messages plain '"stop_reason":"end_turn"' "{\"model\":\"m\",\"max_tokens\":64,$user}"
messages 'unknown member' 'Extra inputs are not permitted' "{\"model\":\"m\",\"max_tokens\":64,\"n\":1,$user}"
messages thinking '"signature":' \
    "{\"model\":\"m\",\"max_tokens\":64,\"thinking\":{\"type\":\"adaptive\"},$user}"
messages tools '"stop_reason":"tool_use"' \
    "{\"model\":\"m\",\"max_tokens\":64,$user,\"tools\":[{\"name\":\"wx\",\"input_schema\":{\"type\":\"object\"}}]}"
fault fault-503 '503 Service'
fault fault-429 'retry-after: 1'
fault fault-html '<h1>'
fault fault-empty 'content-length: 0'
fault fault-echo-key 'x-received-key: sk-a'
fault fault-redirect 'location: '
fault fault-gzip 'content-encoding: gzip'
fault fault-reset 'Connection reset|Recv failure'
fault fault-reset-mid-body 'Connection reset|Recv failure'
fault fault-cut-headers 'Connection reset|Recv failure'
fault fault-stall 'timed out'
fault fault-delay-3000 'timed out'
fault fault-nonsense 'model_not_found'
stream m '\[DONE\]' 'message_stop'
stream fault-cut-1 'Connection reset|Recv failure' 'Connection reset|Recv failure'
stream fault-stall-1 'timed out' 'timed out'
stream fault-error-first 'server_error' 'overloaded_error'
stream fault-error-after-1 'server_error' 'overloaded_error'
stream fault-malformed-1 '"broken":' '"broken":'
stream fault-no-terminal '"finish_reason":"stop"' 'message_delta'
stream fault-split-1 '🦀' '🦀'
stream fault-end-1 '你好' '你好'
stream fault-malformed-first '"broken":' '"broken":'
stream fault-stall-headers 'timed out' 'timed out'
stream fault-chunks-3 '\[DONE\]' 'message_stop'
expect order '"ok":true' "$base/_stand-in/behaviour" -d '{"model":"m","behaviour":{"status":418,"body":"tea"},"times":1}'
fault m 'tea$'
fault m '200 OK'
expect requests '"version":"HTTP/1.1"' "$base/_stand-in/requests"
expect counts '"model":"fault-503","count":1' "$base/_stand-in/counts"
expect 'a client that left' '"count":[1-9]' "$base/_stand-in/unfinished"
messages 'sampling' 'not supported for this model' "{\"model\":\"claude-opus-5\",\"max_tokens\":64,\"temperature\":0.5,$user}"
expect 'HTTP/2' '^HTTP/2 200' "$base/healthz" --http2-prior-knowledge

exec 9>&-
wait
rm -r "$dir"
echo "$surprises surprises"
exit $surprises
