#!/bin/sh
# Makes .venv from requirements.lock with Python 3.10, wherever that is. Does nothing when .venv is already there for this lock.
set -eu
cd "$(dirname "$0")/.."
want=$(cksum requirements.lock | cut -d' ' -f1)
[ -f .venv/.lock ] && [ "$(cat .venv/.lock)" = "$want" ] && exit 0

find_python() {
    for name in ${MADOGUCHI_PYTHON:-} python3.10 python3 python; do
        path=$(command -v "$name" 2>/dev/null) || continue
        [ "$("$path" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = 3.10 ] && { echo "$path"; return 0; }
    done
    if command -v pyenv >/dev/null 2>&1; then
        for version in $(pyenv versions --bare 2>/dev/null | grep '^3\.10\.' || true); do
            path=$(PYENV_VERSION=$version pyenv which python3.10 2>/dev/null) && [ -x "$path" ] && { echo "$path"; return 0; }
        done
    fi
    if command -v uv >/dev/null 2>&1; then
        path=$(uv python find 3.10 2>/dev/null) && { echo "$path"; return 0; }
        echo "Python 3.10 is not on this machine; uv fetches it." >&2
        uv python install 3.10 >&2 2>&1 && uv python find 3.10 2>/dev/null && return 0
    fi
    return 1
}

python=$(find_python) || {
    echo "Madoguchi needs Python 3.10 (Rasa 3.6 runs on no later one), and none was found on the PATH, in pyenv or through uv." >&2
    echo "Install it (for example: 'pyenv install 3.10', or install uv and run this again), or set MADOGUCHI_PYTHON to it." >&2
    exit 1
}
echo "Making the environment with $("$python" --version) (once; about half a minute with uv, some minutes with pip) …"
rm -rf .venv
if command -v uv >/dev/null 2>&1; then
    uv venv --quiet --python "$python" .venv
    uv pip sync --quiet --require-hashes --python .venv/bin/python requirements.lock || {
        echo "The packages of requirements.lock could not be installed; the lines above say why. Check the connection to your package index and run this again." >&2
        rm -rf .venv
        exit 1
    }
else
    "$python" -m venv .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock || {
        echo "The packages of requirements.lock could not be installed; the lines above say why. Check the connection to your package index and run this again." >&2
        rm -rf .venv
        exit 1
    }
fi
echo "$want" > .venv/.lock
