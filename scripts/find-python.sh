#!/bin/sh
# Print the first Python >= 3.11 on the PATH that can make virtual environments.
# Exits 2 when there is one without ensurepip (and prints that one), 1 when there is none at all.
set -eu

incomplete=""
for name in python3.14 python3.13 python3.12 python3.11 python3; do
    python=$(command -v "$name") || continue
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
    if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        echo "$python"
        exit 0
    fi
    incomplete=${incomplete:-$python}
done
[ -n "$incomplete" ] || exit 1
echo "$incomplete"
exit 2
