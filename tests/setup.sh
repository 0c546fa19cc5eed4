#!/usr/bin/env bash
# Checks what Envoi is built and tested with, and installs what is missing where it may.
#
#   tests/setup.sh build          cargo and a C compiler, for `make run`; tells what Node.js would add
#   tests/setup.sh test TOOLS     also Node.js with npm, Chromium and its driver, PostgreSQL's server, Kannel, curl, Python, and into
#                                 the folder TOOLS cargo-deny, cargo-machete and what tests/oracles is written with
#
# Asks no question, does nothing when all is there. System packages come by apt, as root or through sudo.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

# Pinned: another version may judge otherwise.
deny_version=0.20.2
machete_version=0.9.2
# As api/build.rs has it.
oldest_node=18

fail() {
    printf 'setup: %s\n' "$*" >&2
    exit 1
}

# Runs a command as root: directly, or through sudo, which may ask for a password only at a terminal.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif [ -t 0 ]; then
        sudo "$@"
    else
        sudo -n "$@"
    fi
}

check_build() {
    command -v cargo >/dev/null || fail "cargo is missing: install Rust from https://rustup.rs, then try again"
    command -v cc >/dev/null || fail "a C compiler is missing (it builds SQLite): apt-get install build-essential, or Xcode's command line tools"
}

# Whether Node.js and npm are there to bundle the playground.
has_node() {
    command -v npm >/dev/null && [ "$(node --version 2>/dev/null | sed -E 's/^v([0-9]+).*/\1/')" -ge "$oldest_node" ] 2>/dev/null
}

# Installs a package of Debian's, or several with spaces between; says by hand what to do where it may not.
install_package() {
    local packages hint="$2"
    read -ra packages <<<"$1"
    command -v apt-get >/dev/null || fail "$hint"
    [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null || fail "$hint (apt-get needs root or sudo)"
    echo "setup: installing ${packages[*]} with apt-get"
    as_root apt-get update || echo "setup: apt-get update failed; trying with the package lists at hand" >&2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${packages[@]}" || fail "$hint"
}

install_postgres() {
    "$here/with-postgres.sh" --bindir >/dev/null 2>&1 && return
    local hint="PostgreSQL 14 or newer is missing: install its server (package postgresql), or put initdb and postgres on PATH"
    install_package postgresql "$hint"
    "$here/with-postgres.sh" --bindir >/dev/null || fail "$hint"
}

# The gateway that messages are sent through from end to end, and its fake network.
install_kannel() {
    local hint="Kannel is missing: install its bearerbox and smsbox (package kannel) and fakesmsc (kannel-extras, in /usr/lib/kannel/test)"
    local package
    for package in kannel kannel-extras; do
        has_kannel && return
        install_package "$package" "$hint"
    done
    has_kannel || fail "$hint"
}

has_kannel() {
    command -v bearerbox >/dev/null && command -v smsbox >/dev/null && [ -x /usr/lib/kannel/test/fakesmsc ]
}

# The README's walk, which a test runs, asks with curl.
install_curl() {
    command -v curl >/dev/null || install_package curl "curl is missing: install it"
}

# Debian's npm asks for Debian's nodejs: where another is at hand, it comes with an npm of its own.
install_node() {
    has_node && return
    local hint="Node.js $oldest_node or newer with npm is missing (it bundles the playground): install it from https://nodejs.org"
    command -v node >/dev/null && fail "$hint"
    install_package "nodejs npm" "$hint"
    has_node || fail "$hint"
}

# A test goes through the playground in a real browser.
install_chromium() {
    command -v chromedriver >/dev/null && return
    local hint="Chromium and chromedriver are missing: install them (packages chromium and chromium-driver)"
    install_package "chromium chromium-driver" "$hint"
    command -v chromedriver >/dev/null || fail "$hint"
}

# Implementations that the tests compare with; what is there already, of the same lists, is left alone.
install_oracles() {
    local tools="$1" lists="$here/oracles" hint="Python 3 with venv is missing: install it (packages python3 and python3-venv)"
    python3 -c 'import ensurepip, venv' 2>/dev/null || install_package "python3 python3-venv" "$hint"
    mkdir -p "$tools"
    if ! cmp -s "$lists/package-lock.json" "$tools/package-lock.json" || [ ! -d "$tools/node_modules" ]; then
        echo "setup: installing the packages of npm that tests compare with"
        cp "$lists/package.json" "$tools/"
        (cd "$tools" && rm -f package-lock.json && cp "$lists/package-lock.json" . && npm ci --silent --ignore-scripts --no-audit --no-fund) ||
            fail "the packages of $lists/package-lock.json cannot be installed from npm"
    fi
    if ! cmp -s "$lists/requirements.txt" "$tools/requirements.txt"; then
        echo "setup: installing the packages of PyPI that tests compare with"
        rm -rf "$tools/python"
        python3 -m venv "$tools/python" || fail "$hint"
        "$tools/python/bin/pip" install --quiet --disable-pip-version-check --requirement "$lists/requirements.txt" ||
            fail "the packages of $lists/requirements.txt cannot be installed from PyPI"
        cp "$lists/requirements.txt" "$tools/"
    fi
}

# Unoptimised: these tools run for a second, and compile three times faster so.
install_tool() {
    local tools="$1" name="$2" version="$3"
    [ "$("$tools/bin/$name" --version 2>/dev/null | awk '{ print $NF }')" = "$version" ] && return
    echo "setup: compiling $name $version into $tools (about a minute, once)"
    CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --debug --locked --force --root "$tools" "$name@$version" 2>&1 |
        { grep -v 'add .* to your PATH' || true; }
}

case "${1:-}" in
build)
    check_build
    has_node || echo "setup: without Node.js $oldest_node or newer and npm, Envoi is built without its playground: https://nodejs.org"
    ;;
test)
    [ $# -eq 2 ] || fail "usage: setup.sh test TOOLS"
    check_build
    install_node
    install_chromium
    install_postgres
    install_kannel
    install_curl
    install_oracles "$2/oracles"
    install_tool "$2" cargo-deny "$deny_version"
    install_tool "$2" cargo-machete "$machete_version"
    ;;
*)
    fail "usage: setup.sh build | setup.sh test TOOLS"
    ;;
esac
