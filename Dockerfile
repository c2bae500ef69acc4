# One image for any backend: docker build --build-arg BACKEND=raw -t bakeoff-raw .

FROM python:3.13.9-slim-bookworm AS builder
ARG BACKEND=sqlalchemy
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 \
    UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy
WORKDIR /build
# SQLAlchemy 1.3 has no wheel for this Python, and GINO does not work without its C extensions.
RUN if [ "${BACKEND}" = gino ]; then \
        apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev \
        && rm -rf /var/lib/apt/lists/*; \
    fi
# What is installed from the locks comes first: a change of our own code does not repeat it.
COPY pyproject.toml backends.toml ./
COPY requirements/ requirements/
COPY tools/bakeoff_tasks/locks.py tools/bakeoff_tasks/
COPY shared-schemas/pyproject.toml shared-schemas/
COPY packages/service/pyproject.toml packages/service/
COPY packages/${BACKEND}/pyproject.toml packages/${BACKEND}/
RUN pip install --require-hashes --requirement requirements/nox.txt
RUN lock=$(python tools/bakeoff_tasks/locks.py build build.txt) \
    && uv pip install --system --require-hashes --constraints "$lock" --requirements build.txt \
    && lock=$(python tools/bakeoff_tasks/locks.py "${BACKEND}" serve.txt) \
    && python -m venv --without-pip /opt/bakeoff \
    && uv pip install --python /opt/bakeoff --require-hashes --constraints "$lock" --requirements serve.txt
COPY shared-schemas/ shared-schemas/
COPY packages/service/ packages/service/
COPY packages/${BACKEND}/ packages/${BACKEND}/
RUN pip wheel --no-deps --no-build-isolation --wheel-dir wheels \
        ./shared-schemas ./packages/service ./packages/${BACKEND} \
    && uv pip install --python /opt/bakeoff --no-deps wheels/*.whl
# Without compiled files every start would compile all imports: the user below may not write them.
RUN /opt/bakeoff/bin/python -m compileall -q -j 0 /opt/bakeoff/lib

FROM python:3.13.9-slim-bookworm
ARG BACKEND=sqlalchemy
# What runs needs no installer: whoever gets in finds none. Nothing of ours starts a shell either.
RUN groupadd --system --gid 10001 bakeoff \
    && useradd --system --uid 10001 --gid bakeoff --no-create-home --home-dir /data --shell /usr/sbin/nologin bakeoff \
    && install --directory --owner=bakeoff --group=bakeoff /data \
    && python -m pip uninstall --yes --root-user-action=ignore pip \
    && rm -rf /usr/local/lib/python*/ensurepip
COPY --from=builder /opt/bakeoff /opt/bakeoff
# The root of the file system may be read-only: nothing but /data and /tmp is written to.
ENV PATH=/opt/bakeoff/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    BAKEOFF_BACKEND=${BACKEND}
# By its number, so that Kubernetes can see that it is not root.
USER 10001:10001
# The default of BAKEOFF_DATABASE_URL is a file in this folder. It is not set here: a URL that is set
# would win over BAKEOFF_DB_HOST and its like.
WORKDIR /data
VOLUME /data
EXPOSE 8000
# Not urllib: it would use a proxy that the environment names.
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=6 CMD ["python", "-c", "from http.client import HTTPConnection as C; c = C('127.0.0.1', 8000, timeout=2); c.request('GET', '/health/live'); raise SystemExit(c.getresponse().status != 200)"]
CMD ["bakeoff", "serve", "--host", "0.0.0.0"]
