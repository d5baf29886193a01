// Processors with two kinds of core: which CPUs are of which kind. Times of one kind say nothing
// about the other, so everything is measured on one.
#pragma once

#include <string>
#include <vector>

namespace edgefront {

struct CoreKind {
  std::string name;  ///< "capacity 1024" (ARM), "core" and "atom" (Intel)
  std::vector<int> cpus;
};

/// The kinds of this machine, fastest first; none where all cores are alike or nothing tells them
/// apart. Read below `root` ("" for the real tree; tests give a fake one): Intel's list of CPUs per
/// kind, else each CPU's capacity.
std::vector<CoreKind> core_kinds(const std::string& root);

/// Of `kinds` the first that has a CPU among `allowed`; null where there is none.
const CoreKind* fastest_allowed(const std::vector<CoreKind>& kinds,
                                const std::vector<int>& allowed);

/// The CPUs that the calling thread may run on, in rising order.
std::vector<int> cpus_of_this_thread();

/// "0-3,8" as the kernel writes lists of CPUs; stops at what is no such list.
std::vector<int> parse_cpu_list(const std::string& text);

}  // namespace edgefront
