# Targets: production (the default), and demo, which keeps the development dependencies for the embedded provider.

FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund

FROM dependencies AS build
COPY tsconfig.json tsconfig.build.json ./
COPY .ci/bundle.mjs .ci/precompile.mjs .ci/
COPY src src
COPY config config
RUN npm run build

FROM dependencies AS production-dependencies
RUN npm prune --omit=dev --no-audit --no-fund

FROM build AS demo
USER 65532:65532
ENTRYPOINT ["node", "dist/main.js"]
CMD ["demo"]

FROM node:24-bookworm-slim AS production
# One place for the gateway and its health check: both read the file that this names.
ENV NODE_ENV=production POSTERN_CONFIG=/etc/postern/postern.yaml
WORKDIR /app
COPY --from=production-dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE ./
COPY config config
# A number, so that Kubernetes can see that it is not root. Nothing is ever written: a read-only root file system works.
USER 65532:65532
EXPOSE 4180
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s CMD ["node", "dist/main.js", "healthcheck"]
ENTRYPOINT ["node", "dist/main.js"]
CMD ["serve"]
