# Untried: written without a container engine at hand. The commands in it are those of the README.
FROM rust:1-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --release --locked -p jct-api -p jct-worker -p jct

FROM debian:bookworm-slim
# git fetches the repositories, ssh is one of its transports, the certificates are for https and PostgreSQL over TLS.
RUN apt-get update && apt-get install -y --no-install-recommends git openssh-client ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --create-home --home-dir /var/lib/jct jct
COPY --from=build /src/target/release/jct-api /src/target/release/jct-worker /src/target/release/jct /usr/local/bin/
USER jct
WORKDIR /var/lib/jct
RUN mkdir .jct audit
VOLUME /var/lib/jct/.jct
EXPOSE 8000
CMD ["jct-api"]
