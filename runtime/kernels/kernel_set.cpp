#include "runtime/kernels/kernel_set.h"

#include <cstdlib>

#include "runtime/kernels/arm_sets.h"
#include "runtime/kernels/reference/reference.h"
#include "runtime/kernels/x86_sets.h"

namespace edgefront {
namespace {

bool always() { return true; }

const KernelSet kReference = {
    "reference",
    always,
    1,
    1,
    1,
    1,
    1,
    &kReferenceConvS8,
    &kReferenceConvS8,
    &kReferenceDepthwiseS8,
    &kReferenceFullyConnectedS8,
    &kReferenceConvF32,
    &kReferenceConvF32,
    &kReferenceDepthwiseF32,
    &kReferenceFullyConnectedF32,
};

/// Which of a set's kernels a layer uses.
enum class Slot { kPointwise, kConv, kDepthwise, kFullyConnected };

Slot slot_of(OpKind op, const ConvGeometry& geometry) {
  if (op == OpKind::kDepthwiseConv2d) return Slot::kDepthwise;
  if (op == OpKind::kFullyConnected) return Slot::kFullyConnected;
  return geometry.kernel == 1 && geometry.stride == 1 ? Slot::kPointwise : Slot::kConv;
}

const ConvKernelS8* own_s8(const KernelSet& set, Slot slot) {
  switch (slot) {
    case Slot::kPointwise:
      return set.pointwise_s8;
    case Slot::kConv:
      return set.conv_s8;
    case Slot::kDepthwise:
      return set.depthwise_s8;
    case Slot::kFullyConnected:
      return set.fully_connected_s8;
  }
  return nullptr;
}

const ConvKernelF32* own_f32(const KernelSet& set, Slot slot) {
  switch (slot) {
    case Slot::kPointwise:
      return set.pointwise_f32;
    case Slot::kConv:
      return set.conv_f32;
    case Slot::kDepthwise:
      return set.depthwise_f32;
    case Slot::kFullyConnected:
      return set.fully_connected_f32;
  }
  return nullptr;
}

std::string accepted_names() {
  std::string names;
  for (const KernelSet* set : kernel_sets()) {
    if (!set->available()) continue;
    if (!names.empty()) names += ", ";
    names += set->name;
  }
  return names;
}

}  // namespace

const std::vector<const KernelSet*>& kernel_sets() {
  static const std::vector<const KernelSet*> sets = {
      &kAmxSet,  &kAvx512VnniSet,  &kAvx512Set, &kAvx2VnniSet,
      &kAvx2Set, &kNeonDotprodSet, &kNeonSet,   &kReference};
  return sets;
}

const ConvKernelS8& kernel_s8(const KernelSet& set, OpKind op, const ConvGeometry& geometry) {
  const Slot slot = slot_of(op, geometry);
  const ConvKernelS8* own = own_s8(set, slot);
  return own ? *own : *own_s8(kReference, slot);
}

const ConvKernelF32& kernel_f32(const KernelSet& set, OpKind op, const ConvGeometry& geometry) {
  const Slot slot = slot_of(op, geometry);
  const ConvKernelF32* own = own_f32(set, slot);
  return own ? *own : *own_f32(kReference, slot);
}

const ElementwiseKernels& elementwise_kernels(const KernelSet& set) {
  return set.elementwise ? *set.elementwise : kPortableElementwise;
}

int32_t kernel_version(const KernelSet& set, OpKind op, const ConvGeometry& geometry) {
  switch (slot_of(op, geometry)) {
    case Slot::kPointwise:
      return set.pointwise_version;
    case Slot::kConv:
      return set.conv_version;
    case Slot::kDepthwise:
      return set.depthwise_version;
    case Slot::kFullyConnected:
      return set.fully_connected_version;
  }
  return 0;
}

ConvGeometry geometry_of(const LayerGraph& graph, const Layer& layer) {
  const Shape& in = graph.tensors[layer.inputs[0]].shape;
  const Shape& out = graph.tensors[layer.output].shape;
  return {in.height,    in.width,          in.channels,  out.height,           out.width,
          out.channels, layer.kernel_size, layer.stride, layer.kernel_size / 2};
}

Status choose_kernel_set(const std::string& name, const KernelSet** out) {
  for (const KernelSet* set : kernel_sets()) {
    const bool wanted = name.empty() || name == set->name;
    if (!wanted) continue;
    if (set->available()) {
      *out = set;
      return Status();
    }
    if (!name.empty()) {
      return Status::invalid("kernel set '" + name + "': this processor lacks its instructions; " +
                             "accepted here: " + accepted_names());
    }
  }
  return Status::invalid("kernel set '" + name +
                         "' is unknown; accepted here: " + accepted_names());
}

std::string forced_kernel_set() {
  const char* value = std::getenv("EDGEFRONT_KERNELS");
  return value ? value : "";
}

}  // namespace edgefront
