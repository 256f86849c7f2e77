FROM python:3.11-slim-bookworm
RUN apt-get update && apt-get install -y --no-install-recommends git xz-utils gzip sqv bubblewrap && rm -rf /var/lib/apt/lists/*
WORKDIR /portal
COPY requirements/ requirements/
RUN pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements/production.txt
COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation --no-index --editable . \
 && python -m compileall -q transparency reviews \
 && useradd --system --home-dir /data --create-home portal
USER portal
VOLUME /data
EXPOSE 8000
