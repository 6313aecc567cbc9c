#!/bin/sh
# Build an image: `make image` (the endpoint of WORKLOAD's latest Bento), `make image-project` (what jobs run).
# Usage: image.sh endpoint|project NAME BASE ENGINE. Only what the image takes is put into the context, state/image.
set -eu
what=$1 name=$2 base=$3 engine=$4

stop() {
  echo "error: $*" >&2
  exit 1
}

case $base in
  *@sha256:????????????????????????????????????????????????????????????????) ;;
  *) stop "name the base image by its digest, so that the same one is built again: make image BASE=docker.io/library/python:3.11-slim@sha256:…" ;;
esac
command -v "$engine" >/dev/null || stop "$engine is missing, which builds images; install podman, or type: make image ENGINE=docker BASE=…"

context=state/image/$what
rm -rf "$context"
mkdir -p "$context"
if [ "$what" = endpoint ]; then
  bentoml get "$name:latest" >/dev/null 2>&1 || stop "there is no Bento of $name; make one: make run WORKLOAD=$name"
  bentoml export "$name:latest" "$PWD/$context/bento.tar" >/dev/null    # which takes another path for one from the root
  cp constraints.txt "$context/"
  file=deploy/Containerfile image=journeyman-$name
else
  git clone --quiet --no-hardlinks . "$context/project"
  url=$(git remote get-url origin 2>/dev/null) || url=
  url=$(printf %s "$url" | sed -E 's|^(https?://)[^/]*@|\1|; s|^([a-z+]+://[^/@:]*):[^/]*@|\1@|')    # no token, no password
  if [ -n "$url" ]; then git -C "$context/project" remote set-url origin "$url"; else git -C "$context/project" remote remove origin; fi
  file=deploy/Containerfile.project image=journeyman-project
fi
"$engine" build --build-arg "BASE=$base" --file "$file" --tag "$image" "$context"
rm -rf "$context"
echo "$image"
