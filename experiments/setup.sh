# Sourced by experiments/quickstart.sh and tests/run.sh: what is missing from Debian, what it will
# cost, and its installation. Needs `root` (the project's folder) and `install` (yes or no) to be
# set. Uses sudo only when something is missing and this is not root.

say() { printf '%s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# packages_of WHO...: names from packages.txt
packages_of() {
  local who
  for who in "$@"; do
    awk -v who="$who" '$1 !~ /^#/ && $2 == who {print $1}' "$root/experiments/packages.txt"
  done
}

missing_packages() {
  local package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
      printf '%s\n' "$package"
  done
}

print_machine() {
  say "machine: $(nproc) cores, $(awk '/MemAvailable/ {printf "%.1f", $2/1048576}' /proc/meminfo)" \
    "GiB memory free, $(df -h --output=avail "$root" | tail -n 1 | tr -d ' ') disk free"
}

# install_packages NAME...: prints the plan, then installs or says what to type.
install_packages() {
  if ! grep -qs '^ID=debian' /etc/os-release || ! grep -qs '^VERSION_ID="12"' /etc/os-release; then
    say "This is not Debian 12. CMake needs these (names of Debian 12's packages):"
    printf '  %s\n' "$@"
    say "Install them by your distribution's names, then run this again with --no-install."
    [ "$install" = no ] || exit 2
    return 0
  fi
  local missing
  mapfile -t missing < <(missing_packages "$@")
  if [ "${#missing[@]}" -eq 0 ]; then
    say "packages: all $# are installed"
    return 0
  fi
  local line="apt-get install --no-install-recommends -y ${missing[*]}"
  say "packages to install from Debian: ${missing[*]}"
  [ "$install" = yes ] || fail "--no-install was given, and these are missing; type: $line"
  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "not root and no sudo; as root, type: apt-get update && $line"
    sudo=(sudo)
  fi
  "${sudo[@]}" apt-get update -qq || fail "apt-get update failed"
  # Only its last lines count: "Need to get …" and "After this operation …".
  LC_ALL=C "${sudo[@]}" apt-get install --no-install-recommends --assume-no "${missing[@]}" 2>/dev/null |
    grep -E '^(Need to get|After this operation)' || true
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install --no-install-recommends -y -qq "${missing[@]}" >/dev/null ||
    fail "installing failed; type: $line"
  say "packages: installed"
}
