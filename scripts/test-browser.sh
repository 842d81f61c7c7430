#!/bin/sh
# Run the browser tests many times over; stop at the first failure and keep its log.
#   scripts/test-browser.sh PYTHON ROUNDS [pytest arguments]
set -eu
cd "$(dirname "$0")/.."
python=$1
rounds=$2
shift 2
case $rounds in
    '' | 0 | *[!0-9]*)
        echo "ROUNDS must be a whole number from 1 on, such as: make test-browser ROUNDS=10" >&2
        exit 2
        ;;
esac

logs=build/test-browser
mkdir -p "$logs"
round=1
while [ "$round" -le "$rounds" ]; do
    log=$logs/round-$round.log
    if "$python" -m pytest tests/browser "$@" >"$log" 2>&1; then
        echo "round $round of $rounds: $(tail -n 1 "$log")"
        rm -f "$log"
    else
        tail -n 60 "$log"
        echo "round $round of $rounds failed; the whole log is in $log" >&2
        exit 1
    fi
    round=$((round + 1))
done
