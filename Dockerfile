# One image for every service; which one it is, its command says.
FROM python:3.13-slim-trixie AS build
WORKDIR /src
# pip stays outside the environment that is shipped
RUN python -m venv --without-pip /opt/hotline && python -m venv /opt/build
COPY requirements requirements
RUN --mount=type=cache,target=/root/.cache/pip \
    /opt/build/bin/pip install --quiet --require-hashes -r requirements/build.txt \
 && /opt/build/bin/pip --python /opt/hotline/bin/python install --quiet --require-hashes -r requirements/runtime.txt
COPY . .
RUN /opt/build/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /opt/build/bin/pip --python /opt/hotline/bin/python install --quiet --no-deps /wheels/*.whl

FROM python:3.13-slim-trixie
LABEL org.opencontainers.image.title="Hotline" org.opencontainers.image.licenses="Apache-2.0"
RUN mkdir /data && chown 10001:10001 /data
COPY --from=build /opt/hotline /opt/hotline
ENV PATH=/opt/hotline/bin:$PATH PYTHONUNBUFFERED=1 HOTLINE_DATA=/data HOTLINE_RECORD=/data/monitor.sqlite3
USER 10001:10001
VOLUME /data
ENTRYPOINT ["hotline"]
# asks the broker named in HOTLINE_BROKER after the service whose identity stands there
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 CMD ["python", "-m", "hotline_services.cli.health"]
