# Sourced by tests/run.sh, tests/sanitize.sh, tests/full.sh and .ci/run: how long each stage takes, and how
# presets are built there.

# stage NAME: begins it, and says how long the one before took.
stage() {
  end_stage
  stage_name=$1
  stage_begun=$SECONDS
  printf '== %s\n' "$stage_name"
}

end_stage() {
  [ -n "${stage_name:-}" ] || return 0
  local seconds=$((SECONDS - stage_begun))
  printf '== %s: %d min %d s\n' "$stage_name" $((seconds / 60)) $((seconds % 60))
  stage_name=
}
trap end_stage EXIT  # a stage that fails says its time too

configure_preset() {
  local log
  log=$(cmake --preset "$@" 2>&1) || { printf '%s\n' "$log" >&2; return 1; }
}

# build_preset PRESET [TARGET...]: configures and builds. Up to eight sources of a folder are compiled as
# one, which saves most of the time. What does not compile so is compiled source by source: two sources may
# give the same name to different things that only they see. EDGEFRONT_UNITY=OFF compiles source by source
# at once, for who has a compiler cache that knows most of them.
build_preset() {
  local preset=$1 unity=${EDGEFRONT_UNITY:-ON} targets=()
  shift
  [ $# -eq 0 ] || targets=(--target "$@")
  configure_preset "$preset" "-DCMAKE_UNITY_BUILD=$unity" || return 1
  cmake --build --preset "$preset" -j "$(nproc)" "${targets[@]}" && return 0
  [ "$unity" = ON ] || return 1
  echo "NOTE: the sources of $preset do not compile several at a time (see above): now one by one"
  configure_preset "$preset" -DCMAKE_UNITY_BUILD=OFF || return 1
  cmake --build --preset "$preset" -j "$(nproc)" "${targets[@]}"
}
