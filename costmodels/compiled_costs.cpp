#include "costmodels/compiled_costs.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <variant>

#include "costmodels/block_tables.h"
#include "costmodels/device_terms.h"
#include "costmodels/latency_correction.h"
#include "costmodels/network_totals.h"
#include "costmodels/space_blocks.h"
#include "space/lower.h"

namespace edgefront {
namespace {

constexpr std::int64_t kGroup = 8;  ///< networks that are walked side by side
constexpr std::int64_t kUnit = 64;  ///< of bytes in tables
constexpr std::size_t kMostDevices = 8;

struct Device {
  std::shared_ptr<const CostModel> model;
  bool compiled = false;
  LatencyCorrection correction;
  std::optional<EnergyModel> energy;
  bool measured_energy = false;
  DeviceTerms terms;
  bool weights_in_ram = true;
  Precision precision = Precision::kInt8;
};

/// body(j) for each network of a group, written out: what it keeps of each stays in registers.
template <typename Body, std::size_t... j>
inline void for_each(std::index_sequence<j...>, const Body& body) {
  (body(j), ...);
}
template <typename Body>
inline void for_group(const Body& body) {
  for_each(std::make_index_sequence<kGroup>(), body);
}

/// One walk that adds latencies and nothing else.
struct LatencyRow {
  double us;
  std::uint32_t next;
};

/// Devices [first, first + count), whose tables lie side by side.
struct DeviceGroup {
  std::vector<int> devices;
  std::variant<BlockTable<1>, BlockTable<kMostDevices>> table;
};

/// Fills `cost` from device `d` of `sums`. False where the tables do not say it all.
template <typename Sums>
bool finish(const Device& device, const BlockCounts& counts, const Sums& sums, std::size_t d,
            NetworkCost& cost) {
  const double us = sums.costs.us[d];
  const std::int64_t activations = sums.costs.activations[d];
  if (std::isnan(us) || (activations & 1) == 0) return false;
  correct_latency(device.correction, {us, sums.extra[kAnalyticUs].of[d]}, cost);
  cost.arena_bytes = kUnit * ((activations >> 1) + sums.costs.scratch[d]);
  cost.packed_bytes = kUnit * sums.costs.packed[d];
  cost.weights_bytes = counts.weights_bytes[static_cast<int>(device.precision)];
  cost.peak_memory_bytes = cost.arena_bytes + cost.packed_bytes;
  if (device.weights_in_ram) cost.peak_memory_bytes += cost.weights_bytes;
  cost.macs = counts.macs;
  cost.parameters = counts.parameters;
  cost.energy_uj.reset();
  cost.energy_source = EnergySource::kNone;
  if (device.energy) {
    cost.energy_uj =
        device.energy->energy_uj(cost.macs, sums.extra[kMovedBytes].of[d], cost.latency_us);
    cost.energy_source = EnergySource::kModelled;
  }
  if (device.measured_energy) add_measured_energy(sums.extra[kMeasuredUj].of[d], us, cost);
  add_device_terms(device.terms, cost);
  cost.deployment.reset();
  cost.weighted.reset();
  return true;
}

Device describe(std::shared_ptr<const CostModel> model) {
  Device device;
  if (const AdditiveParts* parts = model->parts()) {
    device.correction = parts->correction;
    device.terms = parts->terms;
    device.energy = energy_model(parts->description, parts->precision);
    device.measured_energy = parts->measured_energy;
    device.weights_in_ram = parts->description.weights_in_ram;
    device.precision = parts->precision;
  }
  device.model = std::move(model);
  return device;
}

}  // namespace

struct CompiledCosts::Tables {
  explicit Tables(const SearchSpace& from) : space(from) {}

  void add_devices(std::vector<std::shared_ptr<const CostModel>> models);
  void add_latencies(const std::vector<std::vector<BlockCost>>& costs);
  void walk(const std::uint16_t* codes, std::int64_t stride, std::uint32_t* blocks_of) const;
  /// `missing[d]` where the model must be asked.
  void finish_network(std::span<const std::uint32_t> walked, NetworkCost* out,
                      std::vector<char>& missing) const;
  void ask_models(const Genotype& genotype, const std::vector<char>& missing,
                  NetworkCost* out) const;

  SearchSpace space;
  std::optional<SpaceBlocks> blocks;  ///< nothing where no model can be compiled
  std::vector<BlockCounts> counts;    ///< per block
  std::vector<Device> devices;
  std::vector<DeviceGroup> groups;
  std::vector<std::vector<LatencyRow>> latencies;  ///< per device, by row; empty: not compiled
};

void CompiledCosts::Tables::add_devices(std::vector<std::shared_ptr<const CostModel>> models) {
  std::vector<int> compiled;
  std::vector<const AdditiveParts*> parts;
  for (auto& model : models) {
    devices.push_back(describe(std::move(model)));
    const AdditiveParts* known = devices.back().model->parts();
    if (known == nullptr) continue;
    compiled.push_back(static_cast<int>(devices.size()) - 1);
    parts.push_back(known);
  }
  latencies.resize(devices.size());
  if (compiled.empty()) return;
  const bool by_input = std::any_of(parts.begin(), parts.end(),
                                    [](const AdditiveParts* p) { return bool(p->block_us); });
  blocks.emplace(space, by_input ? BlockIdentity::kLayersAndInput : BlockIdentity::kLayers);
  if (!blocks->usable()) return;
  for (const int id : compiled) devices[static_cast<std::size_t>(id)].compiled = true;
  std::vector<std::vector<BlockCost>> costs;  // by block, then compiled device
  for (const LayerGraph& graph : blocks->take_graphs()) {
    const int input = blocks->input_resolutions()[counts.size()];
    counts.push_back(count_block(graph));
    const bool nothing = costs.empty();  // block 0
    costs.push_back(nothing ? std::vector<BlockCost>(parts.size())
                            : cost_block(graph, input, parts));
  }
  for (std::size_t first = 0; first < compiled.size(); first += kMostDevices) {
    const std::size_t last = std::min(first + kMostDevices, compiled.size());
    std::vector<std::vector<BlockCost>> some;
    for (const auto& of_block : costs) {
      some.emplace_back(of_block.begin() + std::ptrdiff_t(first),
                        of_block.begin() + std::ptrdiff_t(last));
    }
    std::vector<int> ids(compiled.begin() + std::ptrdiff_t(first),
                         compiled.begin() + std::ptrdiff_t(last));
    if (ids.size() == 1) {
      groups.push_back({std::move(ids), BlockTable<1>(some)});
    } else {
      groups.push_back({std::move(ids), BlockTable<kMostDevices>(some)});
    }
  }
  for (std::size_t c = 0; c < compiled.size(); ++c) {
    auto& table = latencies[static_cast<std::size_t>(compiled[c])];
    for (const SpaceBlocks::Row& row : blocks->rows()) {
      table.push_back({costs[row.block][c].us, row.next});
    }
  }
}

/// Blocks of kGroup networks, network after network.
void CompiledCosts::Tables::walk(const std::uint16_t* codes, std::int64_t stride,
                                 std::uint32_t* blocks_of) const {
  const SpaceBlocks::Row* rows = blocks->rows().data();
  const std::size_t slots = static_cast<std::size_t>(blocks->slots());
  std::uint32_t at[kGroup] = {};
  for (std::size_t slot = 0; slot < slots; ++slot) {
    for_group([&](std::size_t j) {
      const SpaceBlocks::Row& row = rows[at[j] + codes[j]];
      blocks_of[j * slots] = row.block;
      at[j] = row.next;
    });
    codes += stride;
    ++blocks_of;
  }
}

void CompiledCosts::Tables::finish_network(std::span<const std::uint32_t> walked, NetworkCost* out,
                                           std::vector<char>& missing) const {
  BlockCounts network;
  for (const std::uint32_t block : walked) network.add(counts[block]);
  for (const DeviceGroup& group : groups) {
    std::visit(
        [&](const auto& table) {
          typename std::decay_t<decltype(table)>::Sums sums;
          table.add_up(walked, &sums);
          for (std::size_t d = 0; d < group.devices.size(); ++d) {
            const auto id = static_cast<std::size_t>(group.devices[d]);
            missing[id] = !finish(devices[id], network, sums, d, out[id]);
          }
        },
        group.table);
  }
}

void CompiledCosts::Tables::ask_models(const Genotype& genotype, const std::vector<char>& missing,
                                       NetworkCost* out) const {
  std::optional<LayerGraph> graph;
  for (std::size_t d = 0; d < devices.size(); ++d) {
    if (!missing[d]) continue;
    if (!graph) graph = lower(decode(space, genotype));
    out[d] = devices[d].model->estimate(*graph);
  }
}

CompiledCosts::CompiledCosts(const SearchSpace& space,
                             std::vector<std::shared_ptr<const CostModel>> devices) {
  auto tables = std::make_unique<Tables>(space);
  tables->add_devices(std::move(devices));
  tables_ = std::move(tables);
}

CompiledCosts::~CompiledCosts() = default;

int CompiledCosts::devices() const { return static_cast<int>(tables_->devices.size()); }

bool CompiledCosts::compiled(int device) const {
  return tables_->devices[static_cast<std::size_t>(device)].compiled;
}

void CompiledCosts::costs(std::span<const Genotype> genotypes, std::span<NetworkCost> out) const {
  const Tables& tables = *tables_;
  const bool walks = !tables.groups.empty();
  const std::size_t slots = walks ? static_cast<std::size_t>(tables.blocks->slots()) : 0;
  const std::size_t count = tables.devices.size();
  std::vector<std::uint16_t> codes(slots * kGroup);
  std::vector<std::uint32_t> walked(slots * kGroup);
  std::vector<char> missing(count, 1);
  for (std::size_t first = 0; first < genotypes.size(); first += kGroup) {
    const std::size_t here = std::min<std::size_t>(kGroup, genotypes.size() - first);
    if (walks) {
      for (std::size_t j = 0; j < here; ++j) {
        tables.blocks->encode(genotypes[first + j], codes.data() + j, kGroup);
      }
      tables.walk(codes.data(), kGroup, walked.data());
    }
    for (std::size_t j = 0; j < here; ++j) {
      NetworkCost* network = &out[(first + j) * count];
      tables.finish_network({walked.data() + j * slots, slots}, network, missing);
      if (std::find(missing.begin(), missing.end(), 1) != missing.end()) {
        tables.ask_models(genotypes[first + j], missing, network);
      }
    }
  }
}

void CompiledCosts::encode(std::span<const Genotype> genotypes, EncodedNetworks* networks) const {
  networks->count = static_cast<std::int64_t>(genotypes.size());
  networks->stride = (networks->count + kGroup - 1) / kGroup * kGroup;
  // Code 0 is one of every slot: what fills a group up is a network too.
  networks->codes.assign(static_cast<std::size_t>(networks->stride * tables_->blocks->slots()), 0);
  for (std::int64_t i = 0; i < networks->count; ++i) {
    tables_->blocks->encode(genotypes[static_cast<std::size_t>(i)], networks->codes.data() + i,
                            networks->stride);
  }
}

void CompiledCosts::latencies(const EncodedNetworks& networks, int device,
                              std::span<double> out) const {
  const auto id = static_cast<std::size_t>(device);
  const LatencyRow* rows = tables_->latencies[id].data();
  const LatencyCorrection correction = tables_->devices[id].correction;
  const int slots = tables_->blocks->slots();
  for (std::int64_t first = 0; first < networks.count; first += kGroup) {
    double sum[kGroup] = {};
    std::uint32_t at[kGroup] = {};
    const std::uint16_t* codes = networks.codes.data() + first;
    for (int slot = 0; slot < slots; ++slot) {
      for_group([&](std::size_t j) {
        const LatencyRow& row = rows[at[j] + codes[j]];
        sum[j] += row.us;
        at[j] = row.next;
      });
      codes += networks.stride;
    }
    const std::int64_t here = std::min(kGroup, networks.count - first);
    for (std::int64_t j = 0; j < here; ++j) out[first + j] = corrected_us(correction, sum[j]);
  }
}

}  // namespace edgefront
