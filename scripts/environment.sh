#!/bin/sh
# Make .venv hold what `make run` (run) or the tests and checks (dev) need; does nothing when it already does.
set -eu
cd "$(dirname "$0")/.."

level=$1
case $level in
    run) lock=requirements.lock ;;
    dev) lock=requirements-dev.lock ;;
    *)
        echo "usage: scripts/environment.sh run|dev" >&2
        exit 2
        ;;
esac

python=.venv/bin/python
stamp=.venv/installed-$level
wanted=$({ pwd && cat pyproject.toml "$lock"; } | cksum)

if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && "$python" -c '' 2>/dev/null; then
    exit 0
fi

if ! "$python" -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    scripts/system-packages.sh python
    base=$(scripts/find-python.sh)
    echo "Creating .venv with $("$base" --version) ..."
    "$base" -m venv --clear .venv
fi

export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_USER=0
echo "Installing $lock into .venv ..."
"$python" -m pip install -qq --use-pep517 --require-hashes -r "$lock"
"$python" -m pip install -qq --no-deps --no-build-isolation -e .
echo "$wanted" >"$stamp"
