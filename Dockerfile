# syntax=docker/dockerfile:1
# DevAuth with its portal in one program, on an image without a shell.
#
#   docker build -t devauth .
#
# The last stage is what runs; `--target setup` is the same program beside a shell, which compose.yaml uses to make the first keys.

# --- The portal's pages: files that the program embeds ------------------------------------------------------------------
# They are the same for every processor, so they are built once, on the one at hand.
FROM --platform=$BUILDPLATFORM node:24-trixie-slim AS portal
WORKDIR /src/portal
COPY portal/package.json portal/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY portal/ ./
RUN npm run build

# --- The program ----------------------------------------------------------------------------------------------------------
FROM rust:1.95-slim-trixie AS build
ENV CARGO_INCREMENTAL=0 CARGO_TERM_COLOR=never
WORKDIR /src

# Dependencies first, from the manifests and empty sources: this layer is made again when a manifest or the lock file changes,
# not when our code does. (cargo-chef would do the same; that is one more program to compile or one more image to trust, for
# three packages.) What was made of the empty sources is removed, because cargo goes by the files' times and those of a checkout
# can be older than this layer.
COPY Cargo.toml Cargo.lock ./
COPY aggregates/Cargo.toml aggregates/
COPY projections/Cargo.toml projections/
COPY tests/support/Cargo.toml tests/support/
RUN mkdir -p src aggregates/src projections/src tests/support/src tests/services tests/bench \
    && touch src/lib.rs aggregates/src/lib.rs projections/src/lib.rs tests/support/src/lib.rs \
    && for main in src/main.rs tests/services/run.rs tests/bench/run.rs; do echo 'fn main() {}' >"$main"; done \
    && cargo build --release --locked --bin devauth \
    && cargo clean --release --locked -p devauth -p devauth-aggregates -p devauth-projections

COPY build.rs ./
COPY aggregates/ aggregates/
COPY projections/ projections/
COPY migrations/ migrations/
COPY src/ src/
COPY --from=portal /src/portal/dist/ portal/dist/
RUN cargo build --release --locked --bin devauth \
    && ./target/release/devauth --version

# --- For the first start: the program beside a shell ------------------------------------------------------------------------
FROM debian:trixie-slim AS setup
RUN install -d -o 65532 -g 65532 -m 0700 /etc/devauth \
    && install -d -o 65532 -g 65532 -m 0755 /etc/devauth-database
COPY --from=build /src/target/release/devauth /usr/local/bin/devauth
COPY --chmod=0555 deploy/compose/setup.sh /usr/local/bin/devauth-setup
USER 65532:65532
CMD ["devauth-setup"]

# --- What runs ------------------------------------------------------------------------------------------------------------------
# glibc, libgcc, root certificates and a user without rights; no shell, no package manager. It writes no file, so the root file
# system can be read-only.
FROM gcr.io/distroless/cc-debian13:nonroot
COPY --from=build /src/target/release/devauth /usr/local/bin/devauth
COPY LICENSE /usr/share/doc/devauth/LICENSE
ENV DEVAUTH_BIND=0.0.0.0:8080 DEVAUTH_ADMIN_BIND=0.0.0.0:9090
# 9090 has the metrics and no password: don't publish it.
EXPOSE 8080 9090
USER 65532:65532
STOPSIGNAL SIGTERM
# Whether the process answers. Whether it can serve is /health/ready: a restart does not bring Postgres back.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --start-interval=1s \
    CMD ["/usr/local/bin/devauth", "health", "--live"]
ENTRYPOINT ["/usr/local/bin/devauth"]
CMD ["serve"]
