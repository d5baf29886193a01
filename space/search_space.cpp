#include "space/search_space.h"

#include <algorithm>
#include <set>
#include <sstream>

#include "space/block_forms.h"
#include "space/error.h"
#include "space/genes.h"
#include "space/toml_reader.h"

namespace edgefront {

namespace {

constexpr std::size_t kMaxChoices = 36;  ///< one digit of the text form
constexpr std::size_t kMaxDecisions = 512;
constexpr int kMaxChannels = 65536;
constexpr std::int64_t kMaxTensorElements = std::int64_t{1} << 28;

std::string text_of(int value) { return std::to_string(value); }
std::string text_of(double value) { return number_text(value); }
std::string text_of(OperatorKind op) { return operator_name(op); }
std::string text_of(SkipKind skip) { return skip_name(skip); }
std::string text_of(BlockActivation activation) { return activation_name(activation); }

template <typename T>
std::vector<std::string> texts_of(const std::vector<T>& values) {
  std::vector<std::string> texts;
  for (const T& value : values) texts.push_back(text_of(value));
  return texts;
}

template <typename T>
void check_choices(const std::string& field, const std::vector<T>& choices) {
  if (choices.empty()) throw InputError(field + ": came no choice, accepted is at least one");
  if (choices.size() > kMaxChoices)
    throw InputError(field + ": came " + std::to_string(choices.size()) +
                     " choices, accepted are up to 36");
  const std::vector<std::string> texts = texts_of(choices);
  std::set<std::string> seen;
  for (const std::string& text : texts)
    if (!seen.insert(text).second)
      throw InputError(field + ": came " + text + " twice, accepted is each choice once");
}

void check_range(const std::string& field, int value, int low, int high) {
  if (value < low || value > high)
    throw InputError(field + ": came " + std::to_string(value) + ", accepted is an integer from " +
                     std::to_string(low) + " to " + std::to_string(high));
}

void check_widths(const std::string& field, const std::vector<int>& widths, int low, int multiple) {
  check_choices(field, widths);
  for (int width : widths) {
    check_range(field, width, low, kMaxChannels);
    if (width % multiple != 0)
      throw InputError(field + ": came " + std::to_string(width) + ", accepted are multiples of " +
                       std::to_string(multiple) + " (channel_multiple)");
  }
}

void check_kernel_size(const std::string& field, int kernel_size) {
  if (kernel_size != 3 && kernel_size != 5 && kernel_size != 7)
    throw InputError(field + ": came " + std::to_string(kernel_size) + ", accepted are 3, 5, 7");
}

void check_block(const std::string& stage, const BlockChoices& block) {
  check_choices(stage + ".op", block.op);
  check_choices(stage + ".kernel_size", block.kernel_size);
  for (int kernel_size : block.kernel_size) check_kernel_size(stage + ".kernel_size", kernel_size);
  check_choices(stage + ".expand_ratio", block.expand_ratio);
  for (double ratio : block.expand_ratio)
    if (!(ratio >= 1 && ratio <= 16))
      throw InputError(stage + ".expand_ratio: came " + number_text(ratio) +
                       ", accepted is a number from 1 to 16");
  check_choices(stage + ".se_ratio", block.se_ratio);
  for (double ratio : block.se_ratio)
    if (!(ratio >= 0 && ratio <= 1))
      throw InputError(stage + ".se_ratio: came " + number_text(ratio) +
                       ", accepted is a number from 0 to 1");
  check_choices(stage + ".activation", block.activation);
  check_choices(stage + ".skip", block.skip);
}

void check_stage(const StageChoices& stage, int multiple) {
  check_choices(stage.name + ".depth", stage.depth);
  for (int depth : stage.depth) check_range(stage.name + ".depth", depth, 0, 16);
  check_widths(stage.name + ".width", stage.width, 1, multiple);
  check_choices(stage.name + ".stride", stage.stride);
  for (int stride : stage.stride) check_range(stage.name + ".stride", stride, 1, 2);
  const bool may_be_empty = std::count(stage.depth.begin(), stage.depth.end(), 0) > 0;
  if (may_be_empty && stage.stride != std::vector<int>{1})
    throw InputError(stage.name +
                     ".depth: came 0 where stride may be 2, accepted is 0 only with "
                     "stride = 1");
  check_block(stage.name, stage.block);
}

/// Follows the largest image with the widest layers, and the smallest with all strides.
class ShapeBounds {
 public:
  explicit ShapeBounds(const SearchSpace& space)
      : smallest_(*std::min_element(space.resolution.begin(), space.resolution.end())),
        largest_(*std::max_element(space.resolution.begin(), space.resolution.end())) {}

  void step(const std::string& field, const std::vector<int>& strides, int hidden, int channels) {
    const auto [low, high] = std::minmax_element(strides.begin(), strides.end());
    if (smallest_ < *high)
      throw InputError(field + ".stride: came " + std::to_string(*high) + " where the image is " +
                       std::to_string(smallest_) + "x" + std::to_string(smallest_) +
                       ", accepted is a stride not over the image");
    if (hidden > kMaxChannels ||
        std::int64_t{1} * largest_ * largest_ * std::max(hidden, channels) > kMaxTensorElements)
      throw InputError(field + ": came up to " + std::to_string(largest_) + "x" +
                       std::to_string(largest_) + "x" + std::to_string(std::max(hidden, channels)) +
                       " activations, accepted are up to 65536 channels and 2^28 elements");
    smallest_ = (smallest_ - 1) / *high + 1;
    largest_ = (largest_ - 1) / *low + 1;
  }

 private:
  int smallest_, largest_;
};

void check_shapes(const SearchSpace& space) {
  const auto widest = [](const std::vector<int>& widths) {
    return *std::max_element(widths.begin(), widths.end());
  };
  ShapeBounds bounds(space);
  int channels = widest(space.stem.width);
  bounds.step("stem", {space.stem.stride}, space.input_channels, channels);
  for (const StageChoices& stage : space.stages) {
    const double expand =
        *std::max_element(stage.block.expand_ratio.begin(), stage.block.expand_ratio.end());
    const int width = widest(stage.width);
    // A first block may be fed by this stage's widest predecessor, later ones by the stage itself.
    const int hidden = round_channels(std::max(channels, width), expand, space.channel_multiple);
    bounds.step(stage.name, stage.stride, hidden, width);
    channels = std::count(stage.depth.begin(), stage.depth.end(), 0) > 0 ? std::max(channels, width)
                                                                         : width;
  }
  bounds.step("head", {1}, widest(space.head.width), channels);
}

}  // namespace

const char* operator_name(OperatorKind op) {
  switch (op) {
    case OperatorKind::kConv:
      return "conv";
    case OperatorKind::kDwsep:
      return "dwsep";
    case OperatorKind::kMbconv:
      return "mbconv";
  }
  return "?";
}

const char* skip_name(SkipKind skip) {
  switch (skip) {
    case SkipKind::kIdentity:
      return "identity";
    case SkipKind::kProjection:
      return "projection";
    case SkipKind::kNone:
      return "none";
  }
  return "?";
}

const char* activation_name(BlockActivation activation) {
  switch (activation) {
    case BlockActivation::kRelu6:
      return "relu6";
    case BlockActivation::kHswish:
      return "hswish";
  }
  return "?";
}

namespace {

std::vector<Decision> decisions_of(const SearchSpace& space) {
  std::vector<Decision> decisions;
  // The order is gene_map's (space/genes.cpp).
  const auto add = [&](const std::string& name, std::vector<std::string> choices) {
    if (choices.size() > 1) decisions.push_back({name, std::move(choices)});
  };
  add("resolution", texts_of(space.resolution));
  add("stem.width", texts_of(space.stem.width));
  for (const StageChoices& stage : space.stages) {
    add(stage.name + ".depth", texts_of(stage.depth));
    add(stage.name + ".width", texts_of(stage.width));
    add(stage.name + ".stride", texts_of(stage.stride));
    const int deepest = *std::max_element(stage.depth.begin(), stage.depth.end());
    for (int position = 1; position <= deepest; ++position) {
      const std::string block = stage.name + ".block" + std::to_string(position);
      add(block + ".op", texts_of(stage.block.op));
      add(block + ".kernel_size", texts_of(stage.block.kernel_size));
      add(block + ".expand_ratio", texts_of(stage.block.expand_ratio));
      add(block + ".se_ratio", texts_of(stage.block.se_ratio));
      add(block + ".activation", texts_of(stage.block.activation));
      add(block + ".skip", texts_of(stage.block.skip));
    }
  }
  add("head.width", texts_of(space.head.width));
  add("head.feature", texts_of(space.head.feature));
  return decisions;
}

}  // namespace

void derive_decisions(SearchSpace& space) {
  space.decisions = decisions_of(space);
  space.block_forms = BlockForms::of(space);
}

void check_space(const SearchSpace& space) {
  check_range("channel_multiple", space.channel_multiple, 1, 256);
  check_choices("input.resolution", space.resolution);
  for (int resolution : space.resolution) check_range("input.resolution", resolution, 1, 4096);
  check_range("input.channels", space.input_channels, 1, 256);
  check_range("classes", space.classes, 2, kMaxChannels);
  check_widths("stem.width", space.stem.width, 1, space.channel_multiple);
  check_kernel_size("stem.kernel_size", space.stem.kernel_size);
  check_range("stem.stride", space.stem.stride, 1, 2);
  if (space.stages.empty() || space.stages.size() > 32)
    throw InputError("stages: came " + std::to_string(space.stages.size()) +
                     ", accepted are 1 to 32");
  std::set<std::string> names;
  for (const StageChoices& stage : space.stages) {
    if (!names.insert(stage.name).second)
      throw InputError("stages: came the name " + stage.name +
                       " twice, accepted is each name once");
    check_stage(stage, space.channel_multiple);
  }
  check_widths("head.width", space.head.width, 0, space.channel_multiple);
  check_widths("head.feature", space.head.feature, 0, space.channel_multiple);
  const std::size_t decisions = decisions_of(space).size();
  if (decisions > kMaxDecisions)
    throw InputError("stages: came " + std::to_string(decisions) +
                     " decisions in all, accepted are up to 512");
  check_shapes(space);
}

}  // namespace edgefront
