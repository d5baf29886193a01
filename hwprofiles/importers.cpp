#include "hwprofiles/importers.h"

#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <set>

#include "hwprofiles/published_table.h"
#include "runtime/file.h"
#include "space/error.h"

namespace edgefront {
namespace {

/// Reads a key from left to right; every failure names the row.
class KeyReader {
 public:
  explicit KeyReader(const PublishedRow& row) : row_(row), rest_(row.key) {}

  [[noreturn]] void fail(const std::string& what) const { row_.fail(what); }
  bool take(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  void need(std::string_view word) {
    if (!take(word)) fail("\"" + std::string(word) + "\" is missing");
  }
  std::int32_t number() {
    std::int32_t value = 0;
    const auto result = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (result.ec != std::errc{} || value < 0 || value > 65536) fail("a number is missing");
    rest_.remove_prefix(static_cast<std::size_t>(result.ptr - rest_.data()));
    return value;
  }
  /// "7x7x1280", or "1280" for 1x1x1280.
  Shape shape() {
    const std::int32_t first = number();
    if (!take("x")) return {1, 1, first};
    const std::int32_t width = number();
    need("x");
    return {first, width, number()};
  }
  /// −1 where the word does not stand here.
  std::int32_t optional(std::string_view word) { return take(word) ? number() : -1; }
  std::string word_before(char end) {
    const std::size_t at = rest_.find(end);
    if (at == std::string_view::npos) fail(std::string("\"") + end + "\" is missing");
    std::string word(rest_.substr(0, at));
    rest_.remove_prefix(at);
    return word;
  }
  void finish() const {
    if (!rest_.empty()) fail("\"" + std::string(rest_) + "\" is not understood");
  }

 private:
  const PublishedRow& row_;
  std::string_view rest_;
};

/// Channels in the middle, 0 without expansion, from either meaning of `expand:`.
std::int32_t middle_of(const KeyReader& in, TableFormat format, std::int32_t expand,
                       std::int32_t channels) {
  if (format == TableFormat::kOfa) {
    if (expand < channels)
      in.fail("expand is below the input's channels: is it a ratio (proxyless)?");
    return expand == channels ? 0 : expand;
  }
  if (expand < 1 || expand > 16) in.fail("expand is no ratio of 1 to 16: is it of format ofa?");
  return expand == 1 ? 0 : expand * channels;
}

/// "TYPE-input:HxWxC-output:HxWxC" and for blocks the words behind.
BlockKey ofa_key(const PublishedRow& row, TableFormat format) {
  static const std::map<std::string, BlockKind> kTypes{
      {"Conv", BlockKind::kConv},
      {"first_conv", BlockKind::kConv},
      {"Conv_1", BlockKind::kConv},
      {"final_expand_layer", BlockKind::kConv},
      {"Conv_2", BlockKind::kFullyConnected},
      {"feature_mix_layer", BlockKind::kFullyConnected},
      {"AvgPool2D", BlockKind::kPool},
      {"Logits", BlockKind::kFullyConnected},
      {"classifier", BlockKind::kFullyConnected},
      {"expanded_conv", BlockKind::kMbconv},
      {"MBConv", BlockKind::kMbconv}};
  KeyReader in(row);
  const std::string type = in.word_before('-');
  const auto known = kTypes.find(type);
  if (known == kTypes.end()) in.fail("\"" + type + "\" is no type of this format");
  BlockKey key;
  key.kind = known->second;
  in.need("-input:");
  key.input = in.shape();
  in.need("-output:");
  key.output = in.shape();
  if (key.kind == BlockKind::kMbconv) {
    in.need("-expand:");
    key.middle = middle_of(in, format, in.number(), key.input.channels);
    in.need("-kernel:");
    key.kernel_size = in.number();
    in.need("-stride:");
    key.stride = in.number();
    in.need("-idskip:");
    key.residual = in.number();
    key.squeeze_excite = in.optional("-se:");
    key.hswish = in.optional("-hs:");
  } else if (type == "Conv" || type == "first_conv") {
    key.kernel_size = 3;  // of both networks; the key does not say
    key.stride = key.input.height > key.output.height ? 2 : 1;
  } else if (key.kind == BlockKind::kFullyConnected && key.input.height > 1) {
    // "All operations after Conv_1" in ProxylessNAS.
    key.kind = BlockKind::kPoolAndFully;
  }
  in.finish();
  return key;
}

/// "TYPE_H28_W28_Cin32_Cout32_…".
BlockKey fbnet_key(const PublishedRow& row) {
  KeyReader in(row);
  const std::string type = in.word_before('_');
  BlockKey key;
  std::int32_t height = 1, width = 1;
  if (type != "FC") {
    in.need("_H");
    height = in.number();
    in.need("_W");
    width = in.number();
  }
  in.need("_Cin");
  const std::int32_t channels = in.number();
  in.need("_Cout");
  const std::int32_t out_channels = in.number();
  const std::int32_t expand = in.optional("_exp");
  const std::int32_t kernel = in.optional("_kernel"), stride = in.optional("_stride");
  const std::int32_t groups = in.optional("_group");
  in.finish();
  key.input = {height, width, channels};
  key.stride = std::max(stride, 1);
  key.output = {(height - 1) / key.stride + 1, (width - 1) / key.stride + 1, out_channels};
  key.kernel_size = std::max(kernel, 1);
  key.groups = std::max(groups, 1);
  if (type == "ConvBlock") {
    key.kind = BlockKind::kMbconv;
    if (expand < 1) in.fail("\"exp\" is missing");
    key.middle = expand * channels;  // with an expansion layer also where it does not expand
  } else if (type == "ConvNorm") {
    key.kind = BlockKind::kConv;
  } else if (type == "Skip") {
    key.kind = BlockKind::kSkip;
  } else if (type == "AvgP") {
    key = BlockKey{};
    key.kind = BlockKind::kPool;
    key.input = {height, width, channels};
    key.output = {1, 1, out_channels};
  } else if (type == "FC") {
    key.kind = BlockKind::kFullyConnected;
  } else {
    in.fail("\"" + type + "\" is no type of this format");
  }
  return key;
}

PublishedBlock entry_of(const PublishedRow& row) {
  if (!(row.mean_ms >= 0)) row.fail("the latency is negative");
  if (!(row.mean_ms <= 1e9)) row.fail("the latency is over 1e9 ms");
  PublishedBlock entry;
  entry.latency_us = 1000 * row.mean_ms;
  if (row.deviation_ms >= 0) entry.deviation_us = 1000 * row.deviation_ms;
  entry.samples = row.count;
  return entry;
}

}  // namespace

TableFormat parse_table_format(const std::string& name) {
  if (name == "ofa") return TableFormat::kOfa;
  if (name == "proxyless") return TableFormat::kProxyless;
  if (name == "fbnet-blocks") return TableFormat::kFbnetBlocks;
  throw InputError("--format is '" + name + "'; accepted are ofa, proxyless and fbnet-blocks");
}

PublishedBlocks read_block_table(const std::string& text, const std::string& name,
                                 const ImportOptions& options) {
  const std::vector<PublishedRow> rows = read_published_rows(text, name, options.column);
  std::vector<BlockKey> keys;
  std::set<std::int32_t> images;  // heights of input images that entries are for
  for (const PublishedRow& row : rows) {
    keys.push_back(options.format == TableFormat::kFbnetBlocks ? fbnet_key(row)
                                                               : ofa_key(row, options.format));
    if (keys.back().input.channels == 3) images.insert(keys.back().input.height);
  }
  const bool one = images.size() == 1 && options.format != TableFormat::kFbnetBlocks;
  PublishedBlocks table;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].resolution > 0) {
      keys[i].resolution = rows[i].resolution;
    } else if (one) {
      keys[i].resolution = *images.begin();
    }
    if (!table.emplace(keys[i].text(), entry_of(rows[i])).second) {
      rows[i].fail("a second entry for " + keys[i].text());
    }
  }
  if (table.empty()) throw InputError(name + ": no entry with a latency");
  return table;
}

PublishedBlocks import_block_tables(const std::vector<std::string>& paths,
                                    const ImportOptions& options) {
  PublishedBlocks all;
  for (const std::string& path : paths) {
    std::vector<std::uint8_t> bytes;
    const Status status = read_file(path, &bytes);
    if (!status.ok()) {
      if (status.code() == StatusCode::kEnvironment) throw EnvironmentError(status.message());
      throw InputError(status.message());
    }
    if (bytes.size() > 2 && bytes[0] == 0x1f && bytes[1] == 0x8b) {
      throw InputError(path + ": is compressed; accepted is YAML or CSV, unpacked by gunzip");
    }
    for (const auto& [key, entry] : read_block_table({bytes.begin(), bytes.end()}, path, options)) {
      if (!all.emplace(key, entry).second) {
        throw InputError(path + ": " + key + " stands in an earlier file too");
      }
    }
  }
  return all;
}

}  // namespace edgefront
