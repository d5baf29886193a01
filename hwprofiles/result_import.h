// Results of a probe that ran on its own, from a file (docs/probe_protocol.md).
#pragma once

#include <string>
#include <string_view>

#include "hwprofiles/device_profile.h"
#include "space/search_space.h"

namespace edgefront {

/// The name of a network's job, from which its result is matched: "int8 <digest of the space>
/// <genotype>".
std::string network_name(const SearchSpace& space, Precision precision, const Genotype& genotype);

struct ImportSummary {
  int layers = 0, networks = 0;  ///< that were merged
  int errors = 0;                ///< lines that the probe could not measure
  std::string first_error;
  int waiting = 0;   ///< networks whose layers the profile lacks, or that say too little
  bool cut = false;  ///< the last line is torn, or there is no `done` behind the last result
};

/// Merges the results in the file `path` into `profile`: every complete line, a torn last one is
/// left out. Layers first, so that networks can be summed up. Throws InputError, and changes
/// nothing, for a line within the file that is no result, for results of another device (names the
/// field), and where times of another runtime would mix with those that the profile has.
ImportSummary import_results(const std::string& path, DeviceProfile& profile);
/// The same from text; `name` stands for the file in messages.
ImportSummary merge_results(std::string_view text, const std::string& name, DeviceProfile& profile);

}  // namespace edgefront
