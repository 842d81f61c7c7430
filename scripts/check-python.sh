#!/bin/sh
# The checks of Python code that need no running: format, lint, types, layers, rules. All are made, also after a fault.
#   scripts/check-python.sh PYTHON     (from the top of the tree that is to be checked)
set -u
python=$1
faults=0
"$python" -m ruff format --check --quiet || {
    echo "Not formatted: run make format" >&2
    faults=1
}
"$python" -m ruff check --quiet || faults=1
"$python" -m mypy --no-error-summary || faults=1
"$python" -m pytest -q --no-header tests/test_layers.py tests/test_code_rules.py || faults=1
exit "$faults"
