// Reads latency tables that others published into the block table of a profile.
#pragma once

#include <string>
#include <vector>

#include "hwprofiles/block_key.h"

namespace edgefront {

/// The two dialects of the key differ in what `expand:` means.
enum class TableFormat {
  /// Once-for-All, MobileNetV3 (Cai et al. 2020): "expanded_conv-input:28x28x48-output:14x14x96-
  /// expand:288-kernel:5-stride:2-idskip:0-se:0-hs:1"; expand = channels in the middle.
  kOfa,
  /// ProxylessNAS (Cai et al. 2019) and tables in its manner, also with "-se:": expand = the ratio.
  kProxyless,
  /// FBNet-style blocks as HW-NAS-Bench (Li et al. 2021) names them: "ConvBlock_H28_W28_Cin32_
  /// Cout32_exp6_kernel5_stride1_group1", ConvNorm, Skip, AvgP, FC.
  kFbnetBlocks,
};
/// "ofa", "proxyless", "fbnet-blocks"; throws InputError that lists them.
TableFormat parse_table_format(const std::string& name);

struct ImportOptions {
  TableFormat format = TableFormat::kOfa;
  /// The column of latencies in a CSV file, in milliseconds.
  std::string column = "lat_ms";
};

/// The entries of one file. Latencies are in milliseconds there. It is either
/// - YAML as the first two publish it: a mapping of keys to {mean: …, count: …, std: … or var: …},
///   in flow or block style; or
/// - CSV with a header that has `key` and the column named, and perhaps `count`, `std` or `var`,
///   and `resolution` (of the network's input that a row holds for).
/// Rows without a value in the column are left out. A table with entries for one input image only,
/// and without the column `resolution`, holds for that resolution (Once-for-All publishes a file
/// for each). Throws InputError with file, line and key.
PublishedBlocks read_block_table(const std::string& text, const std::string& name,
                                 const ImportOptions& options);
/// From a file; several files are merged where no key stands twice.
PublishedBlocks import_block_tables(const std::vector<std::string>& paths,
                                    const ImportOptions& options);

}  // namespace edgefront
