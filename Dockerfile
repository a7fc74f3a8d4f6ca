# One image for every role: the arguments choose it (run, serve, work, sync, check).
ARG BASE=python:3.12-slim

FROM ${BASE} AS build
WORKDIR /src
# The environment has no pip of its own: nothing is installed into it after this stage.
RUN python3 -m venv --without-pip /opt/venv && python3 -m venv --without-pip /opt/build
COPY requirements.lock requirements-build.lock ./
RUN python3 -m pip --python /opt/venv/bin/python install --no-cache-dir --only-binary :all: --require-hashes -r requirements.lock -c requirements.lock
# What builds the package has an environment of its own, by hash too; building fetches nothing.
RUN python3 -m pip --python /opt/build/bin/python install --no-cache-dir --only-binary :all: --require-hashes -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY bridge ./bridge
COPY service ./service
COPY workers ./workers
COPY sandbox ./sandbox
RUN python3 -m pip --python /opt/build/bin/python wheel --no-index --no-cache-dir --no-deps --no-build-isolation --wheel-dir /src/wheels .
RUN python3 -m pip --python /opt/venv/bin/python install --no-index --no-cache-dir --no-deps wheels/*.whl

FROM ${BASE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="kenjo-bridge" \
      org.opencontainers.image.description="Keeps the people and teams in other HR and IT tools equal to a Kenjo account." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

COPY --from=build /opt/venv /opt/venv
COPY --chmod=0444 deploy/container/healthcheck.py /opt/kenjo-bridge/healthcheck.py

# Byte code was compiled at installation; at run time the file system is read-only.
# The address and port are set here because the health check reads them from the environment.
ENV PATH="/opt/venv/bin:${PATH}" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    KENJO_BRIDGE_WEB__HOST=0.0.0.0 \
    KENJO_BRIDGE_WEB__PORT=8080

# A bridge.yaml that is mounted here is found; without one, the environment alone can hold all settings.
WORKDIR /etc/kenjo-bridge
# A number, because Kubernetes cannot tell that a name is not root.
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=6s --start-period=30s --retries=3 \
    CMD ["python3", "-I", "/opt/kenjo-bridge/healthcheck.py"]
ENTRYPOINT ["kenjo-bridge"]
CMD ["run"]
