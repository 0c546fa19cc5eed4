#!/usr/bin/env bash
# The fault programme at its full figures, one thing after another. Each goes on from what is done of this commit, in
# target/torture/COMMIT/results.csv: remove that file to begin anew. MINUTES bounds the whole, 60 unless given, and each part has an equal share of what is left of them; ONLY names
# a part, as `crash::kills`.
#
#   tests/torture.sh FEATURES
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

parts=(crash::kills::killed_again_and_again_on_sqlite crash::kills::killed_again_and_again_on_postgres crash::power
    crash::hostile crash::full crash::instances crash::restarts crash::races)
folder="$PWD/target/torture/$(git describe --always --dirty)"
ends=$(($(date +%s) + 60 * ${MINUTES:-60}))
mkdir -p "$folder"
# Where cargo says that a target's program is.
built() {
    cargo "$@" --locked --workspace --features "$features" --profile torture --message-format json-render-diagnostics |
        sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | tail -n 1
}
features="$1"
ENVOI_TEST_PROGRAM="$(built build --bin envoi)"
export ENVOI_TEST_PROGRAM
tests="$(built test --test it --no-run)"

chosen=()
for part in "${parts[@]}"; do
    [[ "$part" == ${ONLY:-}* ]] && chosen+=("$part")
done
for at in "${!chosen[@]}"; do
    part="${chosen[$at]}"
    left=$(((ends - $(date +%s)) / 60 / (${#chosen[@]} - at)))
    [ "$left" -gt 0 ] || break
    ENVOI_TORTURE="$folder" ENVOI_TORTURE_MINUTES="$left" tests/with-postgres.sh "$tests" --nocapture --test-threads 1 "$part"
done

# What is done in all, by figure: how much, and the sums of what was counted.
awk -F, '{
    key = $1 " on " $2; done[key] += $4
    for (at = 5; at <= NF; at++) { split($at, pair, "="); sums[key, pair[1]] += pair[2]; names[key] = names[key] (seen[key, pair[1]]++ ? "" : " " pair[1]) }
} END {
    for (key in done) {
        line = key ": " done[key]; count = split(names[key], each, " ")
        for (at = 1; at <= count; at++) line = line ", " each[at] " " sums[key, each[at]]
        print line
    }
}' "$folder/results.csv" | sort
