# docker build -t lsllama .                               for CPUs
# docker build -t lsllama:cuda --build-arg DEVICE=cuda .  for NVIDIA GPUs (x86-64, CUDA 13)
# docker run --read-only --tmpfs /tmp -p 8080:8080 -v lsllama-cache:/cache lsllama
#
# The service writes to /cache only. On a GPU, CUDA keeps what it compiles in the home folder, /tmp. Files that are
# mounted, such as API keys and certificates, have to be readable by user 10001. Mount their folder, not the files: a
# file that is replaced by a new one stays the old one inside the container.

ARG DEVICE=cpu
ARG NODE=node:22-bookworm-slim

FROM ${NODE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY src src
# The package of ONNX Runtime holds libraries for five systems, 288 MB. Only those for the image's own system are kept.
RUN npm run build \
 && find dist -type f ! -name '*.js' -delete \
 && npm prune --omit=dev --ignore-scripts \
 && rm node_modules/swagger-ui-dist/*.map node_modules/swagger-ui-dist/swagger-ui-es-* \
 && find node_modules/onnxruntime-node/bin -mindepth 3 -maxdepth 3 ! -path "*/linux/$(node -p process.arch)" -exec rm -r {} +

FROM build AS build-cuda
RUN node dist/cli.js install-cuda

FROM ${NODE} AS runtime-cpu
ENV LSLLAMA_DEVICE=cpu
COPY --from=build --chown=root:root /app/node_modules /app/node_modules

FROM nvidia/cuda:13.0.0-cudnn-runtime-ubuntu24.04 AS runtime-cuda
# In front of a GPU the HTTP process takes thousands of requests a second. With more room for young objects, 64 MiB, V8
# spends less time on collecting them.
ENV LSLLAMA_DEVICE=cuda NODE_OPTIONS=--max-semi-space-size=64
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build-cuda --chown=root:root /app/node_modules /app/node_modules

FROM runtime-${DEVICE}
WORKDIR /app
COPY package.json openapi.yaml LICENSE NOTICE ./
COPY models models
COPY pages pages
COPY --from=build /app/dist dist
# Both images use the same numbers, whatever users their base images have, so that they can share a volume.
RUN mkdir /cache && chown 10001:10001 /cache
USER 10001:10001
ENV NODE_ENV=production HOME=/tmp LSLLAMA_HOST=0.0.0.0 LSLLAMA_PORT=8080 LSLLAMA_CACHE=/cache
VOLUME /cache
EXPOSE 8080
# The check speaks to its own machine, whose name is in no certificate. Where LSLLAMA_TLS_CLIENT_CA is set, it has no
# certificate of a client: use `--no-healthcheck` there, and probe from outside.
HEALTHCHECK --interval=10s --timeout=3s --start-period=120s \
  CMD ["node", "-e", "const {LSLLAMA_PORT: port, LSLLAMA_TLS_CERT: cert} = process.env; process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'; fetch(`${cert ? 'https' : 'http'}://127.0.0.1:${port}/health/ready`).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/cli.js", "serve"]
