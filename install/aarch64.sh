#!/bin/sh
# Make a Python for 64-bit ARM that runs here under qemu, with numpy, onnxruntime and Pillow: `sh install/aarch64.sh FOLDER`.
# Needs Debian or Ubuntu with apt, no root; installs nothing outside FOLDER. Prints the command that is the Python.
# qemu is Debian trixie's, version 10: bookworm's 7.2 ends in a segmentation fault at `import onnxruntime`.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)

fetch() {  # fetch ARCHITECTURE SUITE PACKAGE...: unpack Debian's packages into FOLDER/ARCHITECTURE
  architecture=$1 suite=$2
  shift 2
  mkdir -p "$folder/$architecture/debs" "$folder/$architecture/lists/partial"
  cd "$folder/$architecture/debs"
  signed=/usr/share/keyrings/debian-archive-keyring.gpg
  echo "deb [signed-by=$signed] http://deb.debian.org/debian $suite main" >"../sources.list"
  apt="apt-get -qq -oAPT::Architecture=$architecture -oAPT::Architectures=$architecture -oDir::Etc::sourceparts=-
    -oDir::Etc::sourcelist=$folder/$architecture/sources.list -oDir::State::Lists=$folder/$architecture/lists
    -oDir::Cache::pkgcache= -oDir::Cache::srcpkgcache= -oAPT::Sandbox::User=root"
  $apt update >&2
  $apt download "$@" >&2
  for package in *.deb; do dpkg -x "$package" ..; done
  cd "$folder"
  rm -rf "$architecture/debs" "$architecture/lists"
}

fetch amd64 trixie qemu-user
find amd64/usr/bin -type f ! -name qemu-aarch64 -delete
fetch arm64 bookworm python3.11 python3.11-minimal libpython3.11-minimal libpython3.11-stdlib libc6 libgcc-s1 \
  libstdc++6 libcrypt1 zlib1g libssl3 libexpat1 libffi8 libbz2-1.0 liblzma5 libsqlite3-0 libuuid1
"$here/.venv/bin/python" -m pip install --quiet --target "$folder/site" --only-binary=:all: --python-version 3.11 \
  --platform manylinux_2_28_aarch64 --platform manylinux_2_27_aarch64 --platform manylinux2014_aarch64 \
  -c "$here/constraints.txt" numpy onnxruntime pillow >&2
cat >"$folder/python" <<END
#!/bin/sh
exec "$folder/amd64/usr/bin/qemu-aarch64" -L "$folder/arm64" -E PYTHONHOME="$folder/arm64/usr" \\
  -E PYTHONPATH="$folder/site" "$folder/arm64/usr/bin/python3.11" "\$@"
END
chmod +x "$folder/python"
echo "$folder/python"
