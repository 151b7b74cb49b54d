# The MCP server in a container. It takes the binaries of a release as they are, so it is built in their folder:
#   docker build --file Dockerfile --tag ouroboros dist/release
#   docker run --rm --init --interactive --user "$(id -u):$(id -g)" --env HOME=/ouroboros --env OUROBOROS_HOME=/ouroboros \
#     --volume "$HOME/.ouroboros:/ouroboros" --volume "$PWD:/work" ouroboros
# By your own user, since git works in no repository of somebody else's. Whatever runs in it ends with it, workers too.
# There is git in it, which runs need, and no coding agent: without one the host's own model does the work.

FROM debian:13-slim AS base
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates git \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --uid 10001 --create-home ouroboros \
  && install --directory --owner=ouroboros --group=ouroboros --mode=700 /home/ouroboros/.ouroboros \
  && install --directory --owner=ouroboros --group=ouroboros /work

FROM base AS for-amd64
COPY --chmod=755 ouroboros-linux-x64 /usr/local/bin/ouroboros

FROM base AS for-arm64
COPY --chmod=755 ouroboros-linux-arm64 /usr/local/bin/ouroboros

FROM for-${TARGETARCH}
COPY LICENSE THIRD-PARTY-LICENSES.txt /usr/local/share/doc/ouroboros/
USER ouroboros
ENV OUROBOROS_HOME=/home/ouroboros/.ouroboros
VOLUME /home/ouroboros/.ouroboros
WORKDIR /work
ENTRYPOINT ["ouroboros"]
CMD ["mcp", "serve"]
