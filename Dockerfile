# City Labs in a container: web and worker together by default, or one of them by command (see compose.yaml).
# Data lives in /data; everything else in the image is read-only for the service.

FROM python:3.13-slim-bookworm AS build
WORKDIR /app
RUN apt-get update && apt-get install -y --no-install-recommends gettext && rm -rf /var/lib/apt/lists/*
COPY requirements/app.txt requirements/node.txt requirements/
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --no-deps --only-binary :all: --require-hashes -r requirements/app.txt \
    && python -m venv /node \
    && /node/bin/pip install --no-cache-dir --no-deps --only-binary :all: --require-hashes -r requirements/node.txt
COPY package.json package-lock.json .npmrc ./
RUN PATH=/node/bin:$PATH npm ci --omit=dev --ignore-scripts
COPY . .
RUN /venv/bin/python scripts/build_fonts.py \
    && find locale -name '*.po' -exec sh -c 'msgfmt --check-format -o "${1%.po}.mo" "$1"' _ {} \; \
    && /venv/bin/python -m compileall -q /app

FROM python:3.13-slim-bookworm
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        fontconfig libharfbuzz-subset0 libpango-1.0-0 libpangoft2-1.0-0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data --create-home citylabs
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 VAR_DIR=/data LISTEN=0.0.0.0 PORT=8000
USER citylabs
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python", "scripts/health.py"]
CMD ["python", "scripts/run"]
