#!/bin/sh
# Look for programs that come from the system's packages, and name the exact line that installs the missing ones.
#   scripts/system-packages.sh [--install] python|browsers|postgresql|node ...
# With --install, and as root where apt-get is the package manager, it runs that line itself.
set -eu
here=$(dirname "$0")

install=no
if [ "${1-}" = --install ]; then
    install=yes
    shift
fi

manager=""
for candidate in apt-get dnf zypper pacman apk; do
    if command -v "$candidate" >/dev/null 2>&1; then
        manager=$candidate
        break
    fi
done

has() { # has PROGRAM...: is one of them there?
    for program; do
        if command -v "$program" >/dev/null 2>&1; then return 0; fi
    done
    return 1
}

has_library() { # python has it already, and knows where libraries are on every system
    "$("$here/find-python.sh" || true)" -c 'import ctypes, sys; ctypes.CDLL(sys.argv[1])' "$1" 2>/dev/null
}

has_font() { [ -n "$(find /usr/share/fonts -name "$1" 2>/dev/null | head -n 1)" ]; }

missing=""
need() { missing="$missing $1"; }

look_for_python() {
    if "$here/../.venv/bin/python" -c 'import pip' 2>/dev/null; then return; fi
    status=0
    python=$("$here/find-python.sh") || status=$?
    case $status in
        0) ;;
        1)
            echo "No Python 3.11 or newer on the PATH (python3 here: $(python3 --version 2>/dev/null || echo none))." >&2
            need python
            ;;
        *)
            echo "$python has no ensurepip, so it cannot make a virtual environment." >&2
            need ensurepip
            ;;
    esac
}

look_for_browsers() {
    has firefox-esr firefox || need firefox
    has chromium chromium-browser || need chromium
    has dbus-daemon || need dbus
    has_library libnotify.so.4 || need libnotify # Firefox loads it to show notifications, and its package does not say so
    has_font DejaVuSans.ttf || need font
}

look_for_postgresql() { # Debian keeps the server off the PATH
    if has postgres || [ -n "$(find /usr/lib/postgresql -path '*/bin/postgres' 2>/dev/null | head -n 1)" ]; then return; fi
    need postgresql
}

look_for_node() {
    has node || need node
    has npm || need npm
}

ensurepip_package() { # Debian splits it off, by version: python3-venv is for the python3 that it ships
    minor=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    if [ "$("python3" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$minor" ]; then
        echo python3-venv
    else
        echo "python$minor-venv"
    fi
}

package() { # what the package manager here calls it
    case $manager:$1 in
        apt-get:python) echo "python3 python3-venv" ;;
        apt-get:ensurepip) ensurepip_package ;;
        *:python | *:ensurepip) echo python3 ;;
        apt-get:firefox | apk:firefox) echo firefox-esr ;;
        zypper:firefox) echo MozillaFirefox ;;
        apt-get:node | dnf:node | pacman:node | apk:node) echo nodejs ;;
        zypper:node) echo nodejs-default ;;
        dnf:npm) echo nodejs-npm ;;
        zypper:npm) echo npm-default ;;
        dnf:dbus) echo dbus-daemon ;;
        zypper:dbus) echo dbus-1 ;;
        dnf:postgresql | zypper:postgresql) echo postgresql-server ;;
        apt-get:libnotify) echo libnotify4 ;;
        zypper:libnotify) echo libnotify4 ;;
        apt-get:font) echo fonts-dejavu-core ;;
        dnf:font) echo dejavu-sans-fonts ;;
        zypper:font) echo dejavu-fonts ;;
        pacman:font) echo ttf-dejavu ;;
        *:font) echo font-dejavu ;;
        *) echo "$1" ;;
    esac
}

packages() {
    for name in $missing; do package "$name"; done | tr '\n' ' ' | sed 's/ $//'
}

install_line() {
    case $manager in
        apt-get) echo "apt-get update && apt-get install -y $(packages)" ;;
        dnf | zypper) echo "$manager install -y $(packages)" ;;
        pacman) echo "pacman -S --needed $(packages)" ;;
        apk) echo "apk add $(packages)" ;;
        *) echo "(with the package manager of your system) $(packages)" ;;
    esac
}

for group; do "look_for_$group"; done
[ -n "$missing" ] || exit 0

if [ "$install" = yes ] && [ "$manager" = apt-get ] && [ "$(id -u)" = 0 ]; then
    echo "Installing $(packages) ..."
    export DEBIAN_FRONTEND=noninteractive
    apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 -qq update ||
        echo "apt-get update had a fault; trying with the lists that are there." >&2
    # shellcheck disable=SC2046  # one word per package
    apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 -qq \
        install -y --no-install-recommends $(packages) >/dev/null
    exec "$0" "$@" # without --install: what is missing still is named
fi

echo "Missing:$missing. Install with this line, as root, and run the command again:" >&2
echo >&2
echo "    $(install_line)" >&2
echo >&2
exit 1
