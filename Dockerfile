# syntax=docker/dockerfile:1

# The same Debian as the runtime's libraries come from: they are taken from here.
FROM rust:1.95.0-bookworm AS build
WORKDIR /src
COPY deploy/image deploy/image
COPY deploy/kubernetes/base/worker.yaml deploy/kubernetes/base/worker.yaml
COPY Cargo.toml Cargo.lock ./
COPY crates crates
# Names of functions stay, for backtraces.
ENV CARGO_PROFILE_RELEASE_STRIP=debuginfo
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --package focus --bin focus \
    && deploy/image/rootfs target/release/focus /rootfs

FROM scratch
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="Focus Server" \
      org.opencontainers.image.description="See any stretch of a sensing fibre, in any band, now or earlier" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build /rootfs /
ENV PATH=/usr/local/bin
USER 10001:10001
EXPOSE 5000
ENTRYPOINT ["/usr/local/bin/focus"]
CMD ["--help"]
