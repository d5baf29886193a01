// load_space and parse_space: the TOML form of a space, its references and its digest
// (docs/space_format.md).
#include <algorithm>
#include <sstream>

#include "space/error.h"
#include "space/genes.h"
#include "space/search_space.h"
#include "space/toml_reader.h"

namespace edgefront {

namespace {

std::vector<int> ints(const std::vector<std::int64_t>& values) {
  return {values.begin(), values.end()};
}

/// A list of words through one table of (name, value).
template <typename T>
std::vector<T> words(const TomlTable& table, const std::string& key, const std::vector<T>& accepted,
                     const char* (*name)(T), const std::vector<T>& fallback) {
  if (!table.has(key)) {
    (void)table.strings(key, {});  // marks it as accepted
    return fallback;
  }
  std::string names;
  for (T value : accepted) names += (names.empty() ? "" : ", ") + std::string(name(value));
  std::vector<T> values;
  for (const std::string& word : table.strings(key)) {
    const auto found = std::find_if(accepted.begin(), accepted.end(),
                                    [&](T value) { return word == name(value); });
    if (found == accepted.end())
      table.fail(key, "came \"" + word.substr(0, 80) + "\", accepted are " + names);
    values.push_back(*found);
  }
  return values;
}

const std::vector<BlockActivation> kActivations{BlockActivation::kRelu6, BlockActivation::kHswish};

BlockActivation one_activation(const TomlTable& table) {
  const auto values = words<BlockActivation>(table, "activation", kActivations, activation_name,
                                             {BlockActivation::kRelu6});
  if (values.size() != 1) table.fail("activation", "came a list, accepted is one of relu6, hswish");
  return values[0];
}

BlockChoices read_block(const TomlTable& table) {
  BlockChoices block;
  block.op = words<OperatorKind>(table, "op",
                                 {OperatorKind::kConv, OperatorKind::kDwsep, OperatorKind::kMbconv},
                                 operator_name, {OperatorKind::kMbconv});
  const auto has = [&block](OperatorKind op) {
    return std::count(block.op.begin(), block.op.end(), op) > 0;
  };
  const bool expands = has(OperatorKind::kMbconv);
  if (!expands && table.has("expand_ratio"))
    table.fail("expand_ratio", "has no effect where op has no mbconv; accepted is no such key");
  if (!expands && !has(OperatorKind::kDwsep) && table.has("se_ratio"))
    table.fail("se_ratio", "has no effect where op is conv only; accepted is no such key");
  block.kernel_size = ints(table.integers("kernel_size", {3}, 1, 7));
  block.expand_ratio =
      expands ? table.numbers_in("expand_ratio", 1, 16) : table.numbers("expand_ratio", {1.0});
  block.se_ratio = table.numbers("se_ratio", {0.0}, 0, 1);
  block.activation = words<BlockActivation>(table, "activation", kActivations, activation_name,
                                            {BlockActivation::kRelu6});
  block.skip =
      words<SkipKind>(table, "skip", {SkipKind::kIdentity, SkipKind::kProjection, SkipKind::kNone},
                      skip_name, {SkipKind::kIdentity});
  return block;
}

void read_structure(const TomlTable& root, SearchSpace& space) {
  space.name = root.string("name");
  space.classes = static_cast<int>(root.integer_in("classes", 2, 65536));
  space.channel_multiple = static_cast<int>(root.integer("channel_multiple", 8, 1, 256));
  const TomlTable input = root.table("input");
  space.resolution = ints(input.integers_in("resolution", 1, 4096));
  space.input_channels = static_cast<int>(input.integer_in("channels", 1, 256));
  const TomlTable stem = root.table("stem");
  space.stem.width = ints(stem.integers_in("width", 1, 65536));
  space.stem.kernel_size = static_cast<int>(stem.integer("kernel_size", 3, 3, 7));
  space.stem.stride = static_cast<int>(stem.integer("stride", 1, 1, 2));
  space.stem.activation = one_activation(stem);
  for (const TomlTable& table : root.tables("stages")) {
    StageChoices stage;
    stage.name = "stage" + std::to_string(space.stages.size() + 1);
    stage.depth = ints(table.integers_in("depth", 0, 16));
    stage.width = ints(table.integers_in("width", 1, 65536));
    stage.stride = ints(table.integers("stride", {1}, 1, 2));
    stage.block = read_block(table);
    space.stages.push_back(std::move(stage));
  }
  const TomlTable head = root.table("head");
  space.head.width = ints(head.integers("width", {0}, 0, 65536));
  space.head.feature = ints(head.integers("feature", {0}, 0, 65536));
  space.head.activation = one_activation(head);
}

/// Writes the genotype that a reference table describes. A value may stand at the block, at its
/// stage or in `block` for all; the nearest one counts.
class ReferenceReader {
 public:
  ReferenceReader(const SearchSpace& space, const TomlTable& table)
      : space_(space),
        table_(table),
        genotype_{std::vector<std::uint8_t>(space.decisions.size())} {}

  Genotype read() {
    const GeneMap genes = gene_map(space_);
    answer(genes.resolution, "resolution", texts(space_.resolution), {table_});
    const TomlTable stem = table_.table("stem"), head = table_.table("head");
    answer(genes.stem_width, "width", texts(space_.stem.width), {stem});
    for (std::size_t s = 0; s < space_.stages.size(); ++s) read_stage(s, genes.stages[s]);
    answer(genes.head_width, "width", texts(space_.head.width), {head});
    answer(genes.head_feature, "feature", texts(space_.head.feature), {head});
    return canonical(space_, std::move(genotype_));
  }

 private:
  static std::vector<std::string> texts(const std::vector<int>& values) {
    std::vector<std::string> result;
    for (int value : values) result.push_back(std::to_string(value));
    return result;
  }
  static std::vector<std::string> texts(const std::vector<double>& values) {
    std::vector<std::string> result;
    for (double value : values) result.push_back(number_text(value));
    return result;
  }
  template <typename T>
  static std::vector<std::string> texts(const std::vector<T>& values, const char* (*name)(T)) {
    std::vector<std::string> result;
    for (T value : values) result.push_back(name(value));
    return result;
  }

  void read_stage(std::size_t s, const StageGenes& genes) {
    const StageChoices& stage = space_.stages[s];
    const TomlTable all = table_.table("block"), own = table_.table(stage.name);
    const int depth = stage.depth[answer(genes.depth, "depth", texts(stage.depth), {own})];
    const bool built = depth > 0;
    answer(genes.width, "width", texts(stage.width), {own}, built);
    answer(genes.stride, "stride", texts(stage.stride), {own}, built);
    mark(all);
    mark(own);
    for (int position = 0; position < depth; ++position) {
      const TomlTable block = own.table("block" + std::to_string(position + 1));
      read_block_genes(stage.block, genes.blocks[position], {block, own, all});
    }
  }

  void read_block_genes(const BlockChoices& block, const BlockChoice& genes,
                        const std::vector<TomlTable>& tables) {
    const OperatorKind op =
        block.op[answer(genes[kOpGene], "op", texts(block.op, operator_name), tables)];
    answer(genes[kKernelGene], "kernel_size", texts(block.kernel_size), tables);
    answer(genes[kExpandGene], "expand_ratio", texts(block.expand_ratio), tables,
           op == OperatorKind::kMbconv);
    answer(genes[kSeGene], "se_ratio", texts(block.se_ratio), tables, op != OperatorKind::kConv);
    answer(genes[kActivationGene], "activation", texts(block.activation, activation_name), tables);
    answer(genes[kSkipGene], "skip", texts(block.skip, skip_name), tables);
  }

  /// A default that no built block needs is still a known key.
  static void mark(const TomlTable& table) {
    for (const char* key : {"op", "kernel_size", "expand_ratio", "se_ratio", "activation", "skip"})
      if (table.has(key)) (void)table.scalar_text(key);
  }

  /// The choice that the first of `tables` with this key gives. A question with one choice may be
  /// left out; one that does not matter (`matters` false) is only marked.
  int answer(int gene, const std::string& key, const std::vector<std::string>& choices,
             const std::vector<TomlTable>& tables, bool matters = true) {
    const TomlTable* given = nullptr;
    for (const TomlTable& table : tables)
      if (table.has(key)) {
        (void)table.scalar_text(key);
        if (!given) given = &table;
      }
    if (!matters) return 0;
    if (!given && choices.size() == 1) return 0;
    std::string accepted;
    for (const std::string& choice : choices) accepted += (accepted.empty() ? "" : ", ") + choice;
    if (!given) tables.front().fail(key, "is missing, accepted are " + accepted);
    const std::string came = given->scalar_text(key);
    const auto found = std::find(choices.begin(), choices.end(), came);
    if (found == choices.end())
      given->fail(key, "came " + came.substr(0, 80) + ", accepted are " + accepted);
    const int choice = static_cast<int>(found - choices.begin());
    if (gene >= 0) genotype_.choices[gene] = static_cast<std::uint8_t>(choice);
    return choice;
  }

  const SearchSpace& space_;
  const TomlTable& table_;
  Genotype genotype_;
};

/// FNV-1a with 128 bits (the runtime's XXH3 is above this folder).
std::string digest_of(const std::string& text) {
  using Wide = unsigned __int128;
  const Wide prime = (Wide{1} << 88) + 0x13b;
  Wide hash = (Wide{0x6c62272e07bb0142u} << 64) | 0x62b821756295c58du;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * prime;
  std::string digits;
  for (int shift = 124; shift >= 0; shift -= 4)
    digits += "0123456789abcdef"[static_cast<int>(hash >> shift) & 15];
  return digits;
}

/// One line per field, in a fixed order: what two files must share to be the same space.
std::string canonical_text(const SearchSpace& space) {
  std::ostringstream text;
  const auto list = [&text](const char* name, const auto& values, auto show) {
    text << ' ' << name << '=';
    for (const auto& value : values) text << show(value) << ',';
  };
  const auto number = [](double value) { return number_text(value); };
  text << "edgefront-space-1\nname=" << space.name << "\ninput";
  list("resolution", space.resolution, number);
  text << " channels=" << space.input_channels << " classes=" << space.classes
       << " multiple=" << space.channel_multiple << "\nstem";
  list("width", space.stem.width, number);
  text << " kernel_size=" << space.stem.kernel_size << " stride=" << space.stem.stride << ' '
       << activation_name(space.stem.activation) << '\n';
  for (const StageChoices& stage : space.stages) {
    text << stage.name;
    list("depth", stage.depth, number);
    list("width", stage.width, number);
    list("stride", stage.stride, number);
    list("op", stage.block.op, operator_name);
    list("kernel_size", stage.block.kernel_size, number);
    list("expand_ratio", stage.block.expand_ratio, number);
    list("se_ratio", stage.block.se_ratio, number);
    list("activation", stage.block.activation,
         [](BlockActivation activation) { return activation_name(activation); });
    list("skip", stage.block.skip, skip_name);
    text << '\n';
  }
  text << "head";
  list("width", space.head.width, number);
  list("feature", space.head.feature, number);
  text << ' ' << activation_name(space.head.activation) << '\n';
  for (const auto& [name, genotype] : space.references)
    text << "reference " << name << '=' << to_text(space, genotype) << '\n';
  return text.str();
}

SearchSpace read_space(const TomlTable& root, const std::string& file) {
  SearchSpace space;
  read_structure(root, space);
  const TomlTable references = root.table("references");
  try {
    check_space(space);
  } catch (const InputError& error) {
    throw InputError(file + ": " + error.what());
  }
  derive_decisions(space);
  for (const std::string& name : references.keys()) {
    const TomlTable table = references.table(name);
    if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") != std::string::npos ||
        name.find_first_of("abcdefghijklmnopqrstuvwxyz") == std::string::npos)
      references.fail(name, "accepted are names of a-z, 0-9, _ and - with a letter");
    space.references[name] = ReferenceReader(space, table).read();
  }
  root.finish();
  space.digest = digest_of(canonical_text(space));
  return space;
}

}  // namespace

SearchSpace load_space(const std::string& path) { return read_space(open_toml(path), path); }

SearchSpace parse_space(const std::string& toml, const std::string& name) {
  return read_space(parse_toml(toml, name), name);
}

}  // namespace edgefront
