# docker build --build-arg BOTS=booking [--build-arg FEATURES=postgres] -t booking .
FROM rust:1.95-bookworm AS build
ARG BOTS=""
ARG FEATURES=""
WORKDIR /src
COPY . .
RUN BOTFACTORY_BOTS="$BOTS" FEATURES="$FEATURES" scripts/build-static.sh \
 && mkdir -p /image/data /image/etc/ssl/certs \
 && cp dist/botfactory /image/botfactory \
 && cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ca-certificates.crt \
 && echo 'bot:x:65532:65532::/:/none' > /image/etc/passwd

FROM scratch
COPY --from=build --chown=65532:65532 /image /
USER 65532:65532
WORKDIR /
ENV BOTFACTORY_LISTEN=0.0.0.0:8000
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=5s --timeout=3s --start-period=5s --retries=3 CMD ["/botfactory", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/botfactory"]
CMD ["serve"]
