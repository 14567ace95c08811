# probe, as an agent or a hub: docker build --tag probe .
#
# Any base with Python 3.11 or newer and its venv will do:  --build-arg BASE_IMAGE=…
# Another package index:  --build-arg PIP_INDEX_URL=…  or, when it needs a password:  --secret id=pip.conf,src=pip.conf

ARG BASE_IMAGE=docker.io/library/python:3.12-slim

FROM ${BASE_IMAGE} AS build
ARG PIP_INDEX_URL
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ONLY_BINARY=:all: PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
COPY deploy/image.lock deploy/image-build.lock ./
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    python3 -m venv tools && tools/bin/pip install --quiet --require-hashes --requirement image-build.lock && \
    python3 -m venv --without-pip /opt/probe && \
    tools/bin/pip --python /opt/probe/bin/python install --quiet --require-hashes --requirement image.lock
COPY pyproject.toml README.md LICENSE ./
COPY journeys journeys
COPY probe probe
RUN tools/bin/python -m hatchling build --target wheel && \
    tools/bin/pip --python /opt/probe/bin/python install --quiet --no-index --no-deps dist/*.whl && \
    install --directory --owner 10001 --group 10001 --mode 0700 /state

FROM ${BASE_IMAGE}
COPY --from=build /opt/probe /opt/probe
COPY --from=build --chown=10001:10001 /state /var/lib/probe
ENV PATH=/opt/probe/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
ENV HOME=/var/lib/probe PROBE_HUB_DATA=/var/lib/probe
# A number, so that an orchestrator can see that it is not root.
USER 10001:10001
# Ledger, spool and the hub's runs: all that is ever written, so the root filesystem may be read-only.
VOLUME /var/lib/probe
# The agent's /metrics and /-/healthy; the hub.
EXPOSE 9464 8320
# The program itself is PID 1: agent and hub end on SIGTERM and start no processes of their own.
ENTRYPOINT ["probe"]
CMD ["--help"]
