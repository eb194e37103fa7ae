# docker build -t lsllama .                               for CPUs
# docker build -t lsllama:cuda --build-arg DEVICE=cuda .  for NVIDIA GPUs (x86-64, CUDA 13)
# docker run -p 8080:8080 -v lsllama-cache:/cache lsllama

ARG DEVICE=cpu
ARG NODE=node:22-bookworm-slim

FROM ${NODE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json ./
COPY src src
RUN npm run build && npm prune --omit=dev

# ONNX Runtime's own builds with the CUDA provider come as a Python wheel alone; its libraries are taken out of it.
FROM python:3.12-slim AS cuda-libraries
ARG ONNXRUNTIME=1.30.0
WORKDIR /wheel
RUN pip download --no-deps --only-binary=:all: onnxruntime-gpu==${ONNXRUNTIME} \
 && python -m zipfile -e onnxruntime_gpu-*.whl . \
 && mkdir /libraries \
 && cp onnxruntime/capi/libonnxruntime.so.${ONNXRUNTIME} /libraries/libonnxruntime.so.1 \
 && cp onnxruntime/capi/libonnxruntime_providers_shared.so onnxruntime/capi/libonnxruntime_providers_cuda.so /libraries/

FROM ${NODE} AS runtime-cpu
ENV LSLLAMA_DEVICE=cpu
COPY --from=build --chown=root:root /app/node_modules /app/node_modules

FROM nvidia/cuda:13.0.0-cudnn-runtime-ubuntu24.04 AS runtime-cuda
ENV LSLLAMA_DEVICE=cuda
RUN groupadd --system node && useradd --system --gid node --create-home node
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=build --chown=root:root /app/node_modules /app/node_modules
COPY --from=cuda-libraries /libraries/ /app/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/

FROM runtime-${DEVICE}
WORKDIR /app
COPY package.json openapi.yaml LICENSE ./
COPY models models
COPY --from=build /app/dist dist
RUN mkdir /cache && chown node:node /cache
USER node
ENV NODE_ENV=production LSLLAMA_HOST=0.0.0.0 LSLLAMA_PORT=8080 LSLLAMA_CACHE=/cache
VOLUME /cache
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=120s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.LSLLAMA_PORT}/health/ready`).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/cli.js", "serve"]
