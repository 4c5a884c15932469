#!/bin/sh
# Finds a Chromium for the browser tests, or installs one. Argument: the Python of the tests.
set -eu

for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null 2>&1; then
    exit 0
  fi
done

if command -v apt-get >/dev/null 2>&1; then
  as_root=""
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
      as_root="none"
    else
      as_root="sudo"
    fi
  fi
  if [ "$as_root" != "none" ]; then
    echo "Installing Debian's chromium for the browser tests."
    $as_root apt-get update -q
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -q --no-install-recommends chromium
    exit 0
  fi
fi

echo "Installing playwright's chromium for the browser tests."
exec "$1" -m playwright install chromium
