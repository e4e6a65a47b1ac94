# What a person does here. `just` lists it; https://just.systems installs it. Each line can be typed by hand as well.

set positional-arguments

[private]
default:
    @just --list --unsorted

# See what the library is for, on a SQLite file or the database at a URL
quickstart *URL:
    cargo run --example quickstart {{ if URL == "" { "" } else { "--features mysql-tls,postgres-tls" } }} -- "$@"

# Test everything; arguments go to cargo test, such as --test servers
test *ARGUMENTS:
    cargo test --workspace "$@"

# Certify all databases, or one of them (just conformance sqlite-file), or try one rule on it
conformance *NAME_AND_RULE:
    cargo run --package authstore-test-databases --bin conformance -- "$@"

# Change each statement of a database, or of some files, and see whether the suite notices (just sql-mutants postgres)
sql-mutants NAME *FILES:
    cargo run --package authstore-mutants --bin sql-mutants -- "$@"

# Change the code of the databases, and see whether the suite notices (just mutants sqlite-file --re src/sqlite)
mutants NAMES *ARGUMENTS:
    names="$1" && shift && AUTHSTORE_MUTANTS_ON="$names" cargo run --package authstore-test-databases \
        --bin with-servers -- cargo mutants --package authstore "$@"

# Measure each operation against the bare driver
bench *ARGUMENTS:
    cargo bench --package authstore-benches "$@"

# Find what the compiler and clippy have to say
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --all-features -- -D warnings

# Lay the code out
format:
    cargo fmt --all

# Build the documentation, and complain about broken links in it
doc *ARGUMENTS:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --all-features "$@"

# Run the command `authstore`, as in: just authstore --database-url sqlite:auth.db migrate status
authstore *ARGUMENTS:
    @cargo run --quiet --package authstore --all-features --bin authstore -- "$@"

# Do all that must hold before a change lands, containers and all
ci:
    .ci/run
