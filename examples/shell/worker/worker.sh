#!/bin/bash
# A service in shell: takes one job after another, each of which asks another service. bash and curl, nothing else.
# Its agent answers on the Unix socket in ZURG_SOCKET; process=$$ names this shell, since curl itself ends at once.
set -u
zurg() { curl -sS --max-time 10 --unix-socket "$ZURG_SOCKET" "http://zurg$1" "${@:2}"; }
stream() { while true; do curl -sN --unix-socket "$ZURG_SOCKET" "http://zurg$1"; sleep 0.2; done; }

trap 'exit 0' TERM            # comes when no job is under way any more: the agent waits for that
rm -f ready
done_jobs=0 failed=0 state=${ZURG_STATE:-running} epoch=0 endpoints=()

# One JSON object a line: the endpoints that may be used, and what Zurg wants of this instance.
exec 3< <(stream "/v1/watch?service=pages&confirm=true&process=$$") 4< <(stream "/v1/self?watch=true")

hear() {                      # takes what has come, between two jobs: so no job uses what is confirmed to be unused
  local line newest=""
  while read -r -t 0 -u 3 && read -r -u 3 line; do newest=$line; done
  if [[ $newest == *'"revision":'* ]]; then
    mapfile -t endpoints < <(grep -o '"address":"[^"]*","ports":{"http":[0-9]*},"release":"[^"]*","state":"ready"' <<<"$newest" |
      sed 's/"address":"\([^"]*\)","ports":{"http":\([0-9]*\)}.*/\1:\2/')
    [[ $newest =~ \"revision\":([0-9]+) ]]
    zurg "/v1/confirm?process=$$" -d "{\"service\":\"pages\",\"revision\":${BASH_REMATCH[1]}}"
  fi
  while read -r -t 0 -u 4 && read -r -u 4 line; do
    [[ $line =~ \"state\":\"([a-z]+)\" ]] && state=${BASH_REMATCH[1]}
    [[ $line =~ \"epoch\":([0-9]+) ]] && epoch=${BASH_REMATCH[1]}
    # between two jobs nothing is under way
    zurg "/v1/self/in_flight?process=$$" -d "{\"count\":0,\"state\":\"$state\",\"epoch\":$epoch}"
  done
}

while true; do
  hear
  if [[ $state != running || ${#endpoints[@]} == 0 ]]; then
    sleep 0.02
    continue
  fi
  [[ -f ready ]] || touch ready                   # the probe of cluster.yaml looks for it
  at=${endpoints[RANDOM % ${#endpoints[@]}]}
  curl -sf --max-time 10 "http://$at/" >/dev/null
  code=$?
  if ((code == 0)); then
    ((++done_jobs))
  else
    ((++failed))
    echo "job failed at $(date +%T.%N): $at, curl's exit code $code" >&2
  fi
  echo "$done_jobs done, $failed failed"
done
