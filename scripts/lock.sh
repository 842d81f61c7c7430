#!/bin/sh
# Resolve pyproject.toml into the two lock files: versions and hashes for every platform and Python, and no host.
#   scripts/lock.sh PYTHON [uv arguments, such as --upgrade]
set -eu
cd "$(dirname "$0")/.."
python=$1
shift
"$python" -m pip install -qq --upgrade --target build/lock-tool uv
resolve() {
    build/lock-tool/bin/uv pip compile --quiet --no-config --universal --python-version 3.11 \
        --generate-hashes --no-header --group build "$@" pyproject.toml
}
resolve --output-file requirements.lock "$@"
resolve --output-file requirements-dev.lock --constraint requirements.lock --group dev "$@"
