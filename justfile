# Recipes for working on authstore. `just` lists them. Each command can also be run by hand.
# To get just: `cargo install just`, your package manager, or https://just.systems.

set positional-arguments

[private]
default:
    @just --list --unsorted

# Run the example, on a SQLite file or on the database at a URL
quickstart *URL:
    cargo run --example quickstart {{ if URL == "" { "" } else { "--features mysql-tls,postgres-tls" } }} -- "$@"

# Run all tests; arguments go to cargo test, such as --test servers
test *ARGUMENTS:
    cargo test --workspace "$@"

# Interrupt a migration at every response of the server, instead of at some of them
cut-migrations:
    AUTHSTORE_TEST_EVERY_CUT=1 cargo test --package authstore-test-servers --test servers -- interrupted_run_is_finished

# Certify all databases or one (just conformance sqlite-file), or run a single rule on one
conformance *NAME_AND_RULE:
    cargo run --package authstore-test-databases --bin conformance -- "$@"

# Kill and restart writers and databases, and count lost writes (just chaos 20 sqlite)
chaos *ROUNDS_AND_NAME:
    cargo run --package authstore-test-databases --bin chaos -- "$@"

# Run the whole suite this many times, each with its own seed, on the reference and SQLite, while all cores are busy
rounds COUNT="50":
    #!/usr/bin/env bash
    set -euo pipefail
    trap 'kill $(jobs -p)' EXIT
    for _ in $(seq "$(nproc)"); do
        while :; do :; done &
    done
    for round in $(seq "$1"); do
        for profile in quick certify; do
            echo "round $round, $profile"
            export AUTHSTORE_CONFORMANCE_PROFILE=$profile
            cargo test --quiet --package authstore-conformance --test reference
            for name in sqlite-memory sqlite-file; do
                cargo run --quiet --package authstore-test-databases --bin conformance -- "$name"
            done
        done
    done

# Mutate each SQL statement of a database, or of some files, and report the mutants that the suite misses
sql-mutants NAME *FILES:
    cargo run --package authstore-mutants --bin sql-mutants -- "$@"

# Mutate the code of the databases; needs cargo install cargo-mutants (just mutants sqlite-file --re src/sqlite)
mutants NAMES *ARGUMENTS:
    names="$1" && shift && AUTHSTORE_MUTANTS_ON="$names" cargo run --package authstore-test-databases \
        --bin with-servers -- cargo mutants --package authstore "$@"

# Parse random URLs of every scheme, a million each
fuzz-urls ROUNDS="1000000":
    AUTHSTORE_FUZZ_URLS={{ROUNDS}} cargo test --all-features --lib -- fuzz_urls

# Regenerate the tables in docs/urls.md from the ones that the parsers use
url-docs:
    AUTHSTORE_WRITE_DOCS=1 cargo test --all-features --lib -- docs_list_every_parameter --test-threads 1

# Kill this many adoptions of an Auth.js database, on every database, and count rows (just kill-adoptions 50)
kill-adoptions COUNT="50":
    AUTHSTORE_KILLED_ADOPTIONS="$1" cargo test --package authstore-test-authjs --test authjs -- killed_adoptions

# Adopt a database with this many users, on all or some databases; measure time, memory and how long a sign-in waits
measure-adoption USERS="1000000" *NAMES:
    cargo run --release --package authstore-test-databases --bin measure-adoption -- "$@"

# Compare each operation with the bare driver, Auth.js and torii; measure threads, memory and distance (just bench --bench sqlite)
bench *ARGUMENTS="--bench sqlite --bench postgres --bench mysql --bench memory --bench network --bench peers":
    cargo bench --package authstore-benches {{ARGUMENTS}}

# Measure with this many users, on all or some databases (just bench-scale 1000000 sqlite-file postgres)
bench-scale USERS *NAMES:
    cargo bench --package authstore-benches --bench scale -- "$@"

# Update docs/performance.md and its plots with the numbers of the last runs
bench-docs:
    cargo bench --package authstore-benches --bench docs

# Check the format, and run clippy
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --all-features -- -D warnings

# Format the code
format:
    cargo fmt --all

# Build the documentation, with warnings as errors
doc *ARGUMENTS:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --all-features "$@"

# Run the command `authstore` (just authstore --database-url sqlite:auth.db migrate status)
authstore *ARGUMENTS:
    @cargo run --quiet --package authstore --all-features --bin authstore -- "$@"

# Run everything that must pass before a change lands, containers included
ci:
    .ci/run

# Check dependencies for advisories and licenses (needs cargo install cargo-deny)
deny:
    cargo deny check

# Build and run one program with authstore, SQLx and Diesel on SQLite
neighbors:
    cargo run --locked --manifest-path tests/neighbors/Cargo.toml --target-dir target/neighbors

# Build with the minimum supported Rust version (needs rustup toolchain install 1.89)
msrv:
    cargo +1.89 check --workspace --all-targets --all-features

# Compare the public API with the last release (needs cargo install cargo-semver-checks)
semver:
    cargo semver-checks --package authstore --package authstore-conformance

# Write the database file of the version that is about to be released, for the tests of later versions
released-database:
    AUTHSTORE_RELEASE=1 cargo test --test store released

# Check that both crates can be published, without publishing them
publish-dry-run:
    cargo publish --dry-run --package authstore --package authstore-conformance
